import type { KnownUnit } from './knownUnit.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { createContinuer } from '../../src/models/lm/continuer.ts';
import type { Continuer, EndedContinuation } from '../../src/models/lm/continuer.ts';
import type { UnitLm, UnitLmSession } from '../../src/models/lm/unitLm.ts';
import type { ContinueRequest, WireId } from '../../src/protocol/index.ts';
import type { ContinuationEnd, PredictedUnit, Rate, Unit } from '../../src/core/types.ts';
import { runContinuation } from './runContinuation.ts';
import type { Link } from './link.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Quota } from '../limits/quota.ts';
import { pipelineError } from './pipelineError.ts';
import type { Settings } from '../settings/settings.ts';
import { createTokenBucket } from '../limits/tokenBucket.ts';
import type { TokenBucket } from '../limits/tokenBucket.ts';

/** What a session's continuations need. */
export interface ContinuationsOptions {
  /** Absent where the bundle has none. */
  readonly lm: UnitLm | undefined;
  /** The dial at the start, and the sample from which on units are of the model's rate. */
  readonly rate: Rate;
  readonly knownFrom?: number | undefined;
  /** Index of the last final unit before the session was taken over. */
  readonly last?: number | undefined;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** Hypotheses of all sessions that the model works on. */
  readonly hypotheses: Quota;
  /** Monotone milliseconds. */
  readonly now: () => number;
  /** The session's client while there is one. */
  readonly link: () => Link | undefined;
  /** The session's last final units, oldest first. */
  readonly past: () => readonly KnownUnit[];
  /** Says a mistake that does not end the session. */
  readonly refuse: (error: PipelineError, ref: WireId) => void;
}

/** Who is told of a continuation beside the client: what speaks it. */
export interface ContinuationHearer {
  readonly unit: (unit: PredictedUnit) => void;
  /** Nothing more comes. */
  readonly end: (reason: ContinuationEnd) => void;
}

/** A `gen` that is not over. */
interface Request {
  readonly gen: ContinueRequest;
  readonly hearer: ContinuationHearer | undefined;
  /** The last unit that the newest continuation knows. */
  after: number;
}

/** Predicted units of so many seconds may come at once. */
const BURST_SECONDS = 5;
/** Units of the past that a history begins with when it begins late. */
const PAST_UNITS = 300;

/**
 * One session's continuations: which were asked for, which are under way, what the language model knows of the stream.
 * The model keeps a history of the session from the first request on, or from the start where the hello announced one.
 * Requests do not outlive their connection: `drop()` when the client goes.
 */
export class Continuations {
  readonly #options: ContinuationsOptions;
  readonly #budget: TokenBucket;
  readonly #requests = new Map<WireId, Request>();
  /** Which of the requests have a continuation under way, and what the model knows. */
  readonly #continuer: Continuer<WireId, UnitLmSession>;
  #dial: { readonly rate: Rate; readonly knownFrom: number };
  /** What happened within the encoder step that is told now, and since when. */
  #news: { readonly since: number; unit: boolean; flush: boolean } | undefined;

  constructor(options: ContinuationsOptions) {
    this.#options = options;
    const { lm, rate, settings, now } = options;
    const perSecond = settings.predictedPerSecond;
    this.#budget = createTokenBucket(perSecond, BURST_SECONDS * perSecond, now());
    const { knownFrom = 0, last = -1 } = options;
    this.#continuer = createContinuer(lm, rate, () => options.past().slice(-PAST_UNITS), {
      knownFrom,
      last,
    });
    this.#dial = { rate, knownFrom };
  }

  /** Where the dial stands, and from which sample on units are of the model's rate. */
  get dial(): { readonly rate: Rate; readonly knownFrom: number } {
    return this.#dial;
  }

  /** Begins the history now, so that the first continuation need not read it first. */
  prepare(): void {
    this.#continuer.prepare();
  }

  /** Takes a request; throws a `PipelineError` for one that is over a bound or out of range: it is not done. */
  ask(gen: ContinueRequest, hearer?: ContinuationHearer): void {
    const { isSupported, last } = this.#continuer;
    if (!isSupported) {
      this.#tell(gen.id, 'unsupported', last, false);
      return hearer?.end('unsupported');
    }
    if (this.#requests.has(gen.id)) {
      const message = `gen ${gen.id} is under way; cancel it, or choose another id`;
      throw new PipelineError('SYLSTREAM_ERR_OPTION', message);
    }
    const { continuationRequests } = this.#options.settings;
    if (this.#requests.size >= continuationRequests) {
      throw this.#overBound(
        `a session may have ${continuationRequests} requests for continuations at once`,
      );
    }
    this.prepare();
    const request: Request = { gen, hearer, after: last };
    if (isOnce(gen)) this.#begin(request, this.#options.now());
    this.#requests.set(gen.id, request);
  }

  /** Ends a request; one that is over was answered already. */
  cancel(id: WireId): void {
    const request = this.#requests.get(id);
    if (request !== undefined) this.#close(request, 'cancelled');
  }

  /** A final unit came: what is under way is overtaken. */
  unit(unit: Unit): void {
    const overtaken = this.#continuer.push(unit);
    if (overtaken === undefined) return;
    this.#end(overtaken);
    this.#note('unit');
  }

  /** Everything before a flush is decided. */
  flushed(): void {
    this.#note('flush');
  }

  /** The dial was turned from sample `from` on (16 kHz): ends all requests where the model does not know the rate. */
  turn(rate: Rate, from: number): void {
    const wasKnown = this.#continuer.isSupported;
    this.#continuer.turn(rate, from);
    const isBack = !wasKnown && this.#continuer.isSupported;
    this.#dial = { rate, knownFrom: isBack ? from : this.#dial.knownFrom };
    if (!this.#continuer.isSupported) this.closeAll('unsupported');
  }

  /** Ends every request. */
  closeAll(reason: ContinuationEnd): void {
    for (const request of this.#requests.values()) this.#close(request, reason);
  }

  /** The client is gone: ends every request without a word. */
  drop(): void {
    this.#continuer.cancelAll('cancelled');
    this.#requests.clear();
  }

  /** No client is there: what the model holds is given back, and read again for the next request. */
  rest(): void {
    this.drop();
    this.#continuer.history?.rest();
  }

  /** Gives back what the model holds for the session. */
  release(): void {
    this.drop();
    this.#continuer.release();
  }

  /** Standing requests get theirs when all units of a step are there: only the one after the last is of use. */
  #note(kind: 'unit' | 'flush'): void {
    if (this.#requests.size === 0) return;
    if (this.#news === undefined) {
      this.#news = { since: this.#options.now(), unit: false, flush: false };
      queueMicrotask(() => this.#react());
    }
    this.#news[kind] = true;
  }

  #react(): void {
    const { since, unit, flush } = this.#news!;
    this.#news = undefined;
    for (const request of this.#requests.values()) {
      const { id, on } = request.gen;
      if (!(on === 'unit' && unit) && !(on === 'flush' && flush)) continue;
      this.#end(this.#continuer.cancel(id, 'superseded'));
      try {
        this.#begin(request, since);
      } catch (error) {
        const { code } = pipelineError(error);
        if (code === 'SYLSTREAM_ERR_RATE_LIMITED')
          this.#tell(id, 'cancelled', this.#continuer.last, true);
        else this.#fail(request, error);
      }
    }
  }

  /** Begins a continuation; throws `SYLSTREAM_ERR_RATE_LIMITED` over a bound, `SYLSTREAM_ERR_OPTION` out of range. */
  #begin(request: Request, since: number): void {
    const { hypotheses, now, link, settings } = this.#options;
    const { n = 1 } = request.gen;
    if (link()?.hasRoom() === false) throw this.#overBound('what is sent is not read');
    if (!this.#budget.take(now())) {
      const most = settings.predictedPerSecond;
      throw this.#overBound(`a session may ask for ${most} predicted units a second`);
    }
    if (!hypotheses.take(n)) {
      throw this.#overBound('the server has too many hypotheses under way; ask again later');
    }
    try {
      this.#start(request, since, () => hypotheses.giveBack(n));
    } catch (error) {
      this.#continuer.cancel(request.gen.id);
      hypotheses.giveBack(n);
      throw pipelineError(error, 'SYLSTREAM_ERR_OPTION');
    }
  }

  #start(request: Request, since: number, onReleased: () => void): void {
    const { metrics, now, link } = this.#options;
    const { gen } = request;
    const seconds = (): number => (now() - since) / 1000;
    let isFirst = true;
    const run = this.#continuer.ask(gen.id)!; // supported, or there were no request
    const { after } = run;
    request.after = after;
    runContinuation(run, gen, {
      onUnit: (predicted) => {
        const { hypothesis: j, place: k, id: unit, logProbability: lp } = predicted;
        if (isFirst) metrics.continuationFirstSeconds.observe(seconds());
        if (!isFirst) this.#budget.spend(now());
        isFirst = false;
        metrics.predictedUnits.inc();
        link()?.send({ t: 'g', id: gen.id, j, k, unit, after, lp });
        request.hearer?.unit(predicted);
      },
      onEnd: (reason) => {
        if (reason === 'done') metrics.continuationLastSeconds.observe(seconds());
        this.#continuer.over(run);
        this.#over(request, reason);
      },
      onError: (error) => this.#fail(request, error),
      onReleased,
    });
  }

  /** Continuations were ended. */
  #end(ended: readonly EndedContinuation<WireId>[]): void {
    for (const { id, reason } of ended) this.#over(this.#requests.get(id)!, reason);
  }

  /** A continuation is over; so is its request unless it stands. */
  #over(request: Request, reason: ContinuationEnd): void {
    const { gen, after } = request;
    if (isOnce(gen)) this.#requests.delete(gen.id);
    this.#tell(gen.id, reason, after, !isOnce(gen));
    request.hearer?.end(reason);
  }

  /** A request is over, its continuation too. */
  #close(request: Request, reason: ContinuationEnd): void {
    this.#continuer.cancel(request.gen.id);
    this.#requests.delete(request.gen.id);
    this.#tell(request.gen.id, reason, request.after, false);
    request.hearer?.end(reason);
  }

  #fail(request: Request, cause: unknown): void {
    this.#continuer.cancel(request.gen.id);
    this.#requests.delete(request.gen.id);
    this.#options.metrics.continuations.inc({ reason: 'failed' });
    this.#options.refuse(pipelineError(cause), request.gen.id);
    request.hearer?.end('cancelled');
  }

  #tell(id: WireId, reason: ContinuationEnd, after: number, more: boolean): void {
    this.#options.metrics.continuations.inc({ reason });
    this.#options.link()?.send({ t: 'gend', id, reason, after, ...(more && { more }) });
  }

  #overBound(message: string): PipelineError {
    this.#options.metrics.continuations.inc({ reason: 'refused' });
    return new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message);
  }
}

function isOnce({ on = 'now' }: ContinueRequest): boolean {
  return on === 'now';
}
