import type { PipelineError } from '../../src/core/errors.ts';
import type { Rate, Unit } from '../../src/core/types.ts';
import type { Cancel, ContinueRequest, Heard, Say, WireId } from '../../src/protocol/index.ts';
import type { Continuations } from './continuations.ts';
import { pipelineError } from './pipelineError.ts';
import type { Speeches } from './speeches.ts';

/** What `Requests` are made of. */
export interface RequestsOptions {
  readonly continuations: Continuations;
  readonly speeches: Speeches;
  /** Says a mistake that does not end the session. */
  readonly refuse: (error: PipelineError, ref: WireId) => void;
}

/** What a client asks for beside its units, continuations and speech: it belongs to the connection, and is not sent again. */
export class Requests {
  readonly #continuations: Continuations;
  readonly #speeches: Speeches;

  readonly #refuse: RequestsOptions['refuse'];

  constructor({ continuations, speeches, refuse }: RequestsOptions) {
    this.#continuations = continuations;
    this.#speeches = speeches;
    this.#refuse = refuse;
  }

  /** Whether nothing is being said. */
  get isSilent(): boolean {
    return this.#speeches.isEmpty;
  }

  /** As `Continuations.dial`. */
  get dial(): Continuations['dial'] {
    return this.#continuations.dial;
  }

  /** As `Continuations.prepare`. */
  prepare(): void {
    this.#continuations.prepare();
  }

  /** Takes a request, or says why it is not done. */
  ask(request: ContinueRequest | Say): void {
    try {
      if (request.t === 'say') this.#speeches.ask(request);
      else this.#continuations.ask(request);
    } catch (error) {
      this.#refuse(pipelineError(error), request.id);
    }
  }

  /** Takes what the client says about a request. */
  take(message: Cancel | Heard): void {
    if (message.t === 'heard') return this.#speeches.heard(message);
    this.#speeches.cancel(message.id);
    this.#continuations.cancel(message.id);
  }

  /** A final unit came. */
  unit(unit: Unit): void {
    this.#speeches.unit(unit);
    this.#continuations.unit(unit);
  }

  /** Everything before a flush is decided. */
  flushed(): void {
    this.#continuations.flushed();
  }

  /** The dial was turned from sample `from` on (16 kHz). */
  turn(rate: Rate, from: number): void {
    this.#continuations.turn(rate, from);
  }

  /** Goes on with what waited for room or for its pace. */
  pump(): void {
    this.#speeches.pump();
  }

  /** The stream is over: no more is predicted, what is being said is said to its end. */
  finish(): void {
    this.#continuations.closeAll('cancelled');
    this.#speeches.finish();
  }

  /** The server ends the session. */
  cancelAll(): void {
    this.#speeches.closeAll('cancelled');
    this.#continuations.closeAll('cancelled');
  }

  /** The client is gone: ends all without a word. */
  drop(): void {
    this.#speeches.drop();
    this.#continuations.drop();
  }

  /** No client is there: what a model holds is given back. */
  rest(): void {
    this.#speeches.drop();
    this.#continuations.rest();
  }

  /** Gives back all. */
  release(): void {
    this.#speeches.drop();
    this.#continuations.release();
  }
}
