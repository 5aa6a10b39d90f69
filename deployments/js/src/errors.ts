// What can go wrong, one class a cause. Every message says what happened and what to do next.

import { plain } from "./foreign.js";

const LONGEST = 5_000; // characters of a message

/**
 * Any error of this package. `code` names the cause and never changes; `message` is for people: it is not long, and holds
 * no characters but text, whatever a stranger has put into it.
 */
export abstract class HeadwaterError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(plain(message, LONGEST), options);
    this.name = new.target.name;
  }
}

/** No deployment is known for a chain, or what should name one does not. */
export class UnknownDeployment extends HeadwaterError {
  readonly code = "unknown-deployment";
}

/** The node does not answer, or answers with an error of its own. */
export class ChainUnavailable extends HeadwaterError {
  readonly code = "chain-unavailable";
}

/** The node serves another chain than the deployment is on. */
export class WrongChain extends HeadwaterError {
  readonly code = "wrong-chain";
}

/** At the deployment's address stands no such contract: another chain, or one that was restarted. */
export class NoContract extends HeadwaterError {
  readonly code = "no-contract";
}

/** The chain knows no such task, round or model. */
export class NotFound extends HeadwaterError {
  readonly code = "not-found";
}

/** A text that should be a CID, or a digest, is none. */
export class InvalidCid extends HeadwaterError {
  readonly code = "invalid-cid";
}

/** What one gateway did when it was asked for content. */
export interface GatewayFailure {
  readonly gateway: string;
  readonly reason: string;
}

/** No gateway has the content now. It may come: ask again, or ask others. */
export class ContentUnavailable extends HeadwaterError {
  readonly code = "content-unavailable";

  constructor(
    message: string,
    /** What each gateway did. */
    readonly failures: readonly GatewayFailure[],
  ) {
    super(message);
  }
}

/** No gateway gave the content, and at least one gave other bytes: do not ask these again. */
export class WrongBytes extends HeadwaterError {
  readonly code = "wrong-bytes";

  constructor(
    message: string,
    /** The gateways that gave other bytes, and which. */
    readonly liars: readonly GatewayFailure[],
    /** What the others did. */
    readonly failures: readonly GatewayFailure[],
  ) {
    super(message);
  }
}

/** Bytes are no document of the kind expected: whoever published them broke the format. */
export class MalformedDocument extends HeadwaterError {
  readonly code = "malformed-document";
}

/** Models of a task's kind are not known here. `learner` names the kind and the package that brings it. */
export class UnknownLearner extends HeadwaterError {
  readonly code = "unknown-learner";

  constructor(
    message: string,
    readonly learner: { readonly kind: string; readonly package: string },
  ) {
    super(message);
  }
}

/** A row does not fit a model's columns. */
export class InvalidRow extends HeadwaterError {
  readonly code = "invalid-row";
}

/** A model is not what the contract accepted. Do not use it. */
export class ModelRejected extends HeadwaterError {
  readonly code = "model-rejected";
}
