"""Write the JSON Schemas of all documents to ipfs/schemas, for whoever reads documents without headwater.

Of a document that carries a vector, the schema is that of its header.

The files are committed; a test fails when they differ from the models in headwater.storage and headwater.learners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headwater.learners.learner import find, names
from headwater.storage.manifests import CircuitManifest, Document, TaskManifest
from headwater.storage.vectors import ModelHeader, ProofHeader, RowHeader, UpdateHeader
from scripts.artifacts import ROOT, write_json

FOLDER = ROOT / "ipfs" / "schemas"
DOCUMENTS: tuple[type[Document], ...] = (
    TaskManifest,
    CircuitManifest,
    UpdateHeader,
    ModelHeader,
    ProofHeader,
    RowHeader,
)


def schemas() -> dict[Path, dict[str, Any]]:
    """Each schema, by the file it belongs in: `headwater/task/2` is task.schema.json; and of each learner's part."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    learners = {name: getattr(find(name), "Document", None) for name in names()}
    return {
        FOLDER / f"{document.kind.split('/')[1]}.schema.json": draft | document.model_json_schema()
        for document in DOCUMENTS
    } | {
        FOLDER / f"learner-{name}.schema.json": draft | document.model_json_schema()
        for name, document in learners.items()
        if document is not None
    }


def main() -> None:
    """Write one file a document."""
    for path, schema in schemas().items():
        write_json(path, schema)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
