// graph-node's store, as far as the handlers see it: entities of a schema, copied in and out, their fields checked.

import { type FieldDefinitionNode, parse, type TypeNode } from "graphql";

type Fields = Record<string, unknown>;

interface Kind {
  readonly fields: readonly FieldDefinitionNode[];
  readonly rows: Map<string, Fields>;
}

/** Entities by type and id. */
export class Store {
  readonly #kinds = new Map<string, Kind>();
  readonly #enums = new Map<string, ReadonlySet<string>>();

  constructor(schema: string) {
    for (const definition of parse(schema).definitions) {
      if (definition.kind === "EnumTypeDefinition") {
        this.#enums.set(definition.name.value, new Set(definition.values?.map(({ name }) => name.value)));
      } else if (definition.kind === "ObjectTypeDefinition") {
        this.#kinds.set(definition.name.value, { fields: definition.fields ?? [], rows: new Map() });
      }
    }
  }

  /** All entities of a type. */
  all(type: string): readonly Fields[] {
    return [...this.#kind(type).rows.values()];
  }

  /** An entity by its id. */
  get(type: string, id: string): Fields {
    const found = this.#kind(type).rows.get(id);
    if (!found) throw new Error(`there is no ${type} ${id}`);
    return found;
  }

  /** The class of each type, as `graph codegen` makes one. */
  classes(): Record<string, unknown> {
    return Object.fromEntries([...this.#kinds.keys()].map((type) => [type, this.#class(type)]));
  }

  #class(type: string): unknown {
    const { fields, rows } = this.#kind(type);
    const store = this;
    const derived = fields.filter(({ directives }) => directives?.some(({ name }) => name.value === "derivedFrom"));
    class Entity {
      [field: string]: unknown;

      constructor(id: unknown) {
        this["id"] = id;
        for (const field of derived) this[field.name.value] = { load: () => store.#derive(field, String(id)) };
      }

      static load(id: unknown): Entity | null {
        const row = rows.get(String(id));
        return row ? Object.assign(new Entity(id), row) : null;
      }

      save(): void {
        const row: Fields = {};
        for (const field of fields.filter((each) => !derived.includes(each))) {
          const value = this[field.name.value];
          store.#check(`${type}.${field.name.value}`, field.type, value);
          if (value !== undefined && value !== null) row[field.name.value] = value;
        }
        rows.set(String(this["id"]), row);
      }
    }
    return Entity;
  }

  #derive(field: FieldDefinitionNode, id: string): unknown[] {
    const argument = field.directives?.[0]?.arguments?.[0]?.value;
    const from = argument?.kind === "StringValue" ? argument.value : "";
    const type = nameOf(field.type);
    const Class = this.#class(type) as { load(id: unknown): unknown };
    return this.all(type).flatMap((row) => (row[from] === id ? [Class.load(row["id"])] : []));
  }

  #check(place: string, type: TypeNode, value: unknown): void {
    if (value === undefined || value === null) {
      if (type.kind === "NonNullType") throw new Error(`${place} is not set`);
      return;
    }
    const allowed = this.#enums.get(nameOf(type));
    if (allowed && !allowed.has(String(value))) throw new Error(`${place} cannot be ${String(value)}`);
  }

  #kind(type: string): Kind {
    const found = this.#kinds.get(type);
    if (!found) throw new Error(`the schema has no type ${type}`);
    return found;
  }
}

function nameOf(type: TypeNode): string {
  return type.kind === "NamedType" ? type.name.value : nameOf(type.type);
}
