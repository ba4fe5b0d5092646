import type { KnownUnit } from './knownUnit.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { UnitLm, UnitLmSession } from '../../src/models/lm/unitLm.ts';
import type { ContinueRequest, WireId } from '../../src/protocol/index.ts';
import type { ContinuationEnd, Rate, Unit } from '../../src/core/types.ts';
import { startContinuation } from './runningContinuation.ts';
import type { RunningContinuation } from './runningContinuation.ts';
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
  /** The dial at the start. */
  readonly rate: Rate;
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

/** A `gen` that is not over, with its continuation under way. */
interface Request {
  readonly gen: ContinueRequest;
  running: RunningContinuation | undefined;
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
  #history: UnitLmSession | undefined;
  #isSupported: boolean;
  /** Sample from which on units are of the model's rate. */
  #knownFrom = 0;
  /** Index of the last final unit. */
  #last = -1;
  /** What happened within the encoder step that is told now, and since when. */
  #news: { readonly since: number; unit: boolean; flush: boolean } | undefined;

  constructor(options: ContinuationsOptions) {
    this.#options = options;
    const { lm, rate, settings, now } = options;
    const perSecond = settings.predictedPerSecond;
    this.#budget = createTokenBucket(perSecond, BURST_SECONDS * perSecond, now());
    this.#isSupported = lm?.knows(rate) ?? false;
  }

  /** Begins the history now, so that the first continuation need not read it first. */
  prepare(): void {
    if (!this.#isSupported || this.#history !== undefined) return;
    const history = this.#options.lm!.open();
    const known = this.#options.past().filter(({ start }) => start >= this.#knownFrom);
    for (const unit of known.slice(-PAST_UNITS)) history.push(unit);
    this.#history = history;
  }

  /** Takes a request; throws a `PipelineError` for one that is over a bound or out of range: it is not done. */
  ask(gen: ContinueRequest): void {
    if (!this.#isSupported) return this.#tell(gen.id, 'unsupported', this.#last, false);
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
    const request: Request = { gen, running: undefined, after: this.#last };
    if (isOnce(gen)) this.#begin(request, this.#options.now());
    this.#requests.set(gen.id, request);
  }

  /** Ends a request; one that is over was answered already. */
  cancel(id: WireId): void {
    const request = this.#requests.get(id);
    if (request !== undefined) this.#close(request, 'cancelled');
  }

  /** A final unit came: what is under way is overtaken. */
  unit({ index, id, start, end }: Unit): void {
    this.#last = index;
    if (start < this.#knownFrom) return;
    this.#history?.push({ id, start, end });
    for (const request of this.#requests.values()) this.#overtake(request);
    this.#note('unit');
  }

  /** Everything before a flush is decided. */
  flushed(): void {
    this.#note('flush');
  }

  /** The dial was turned from sample `from` on (16 kHz): ends all requests where the model does not know the rate. */
  turn(rate: Rate, from: number): void {
    const isKnown = this.#options.lm?.knows(rate) ?? false;
    if (isKnown && !this.#isSupported) this.#knownFrom = from;
    if (!isKnown) {
      this.closeAll('unsupported');
      this.#forget();
    }
    this.#isSupported = isKnown;
  }

  /** Ends every request. */
  closeAll(reason: ContinuationEnd): void {
    for (const request of this.#requests.values()) this.#close(request, reason);
  }

  /** The client is gone: ends every request without a word. */
  drop(): void {
    for (const { running } of this.#requests.values()) running?.stop();
    this.#requests.clear();
  }

  /** No client is there: what the model holds is given back, and read again for the next request. */
  rest(): void {
    this.drop();
    this.#history?.rest();
  }

  /** Gives back what the model holds for the session. */
  release(): void {
    this.drop();
    this.#forget();
  }

  #forget(): void {
    this.#history?.close();
    this.#history = undefined;
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
      this.#overtake(request);
      try {
        this.#begin(request, since);
      } catch (error) {
        const { code } = pipelineError(error);
        if (code === 'SYLSTREAM_ERR_RATE_LIMITED') this.#tell(id, 'cancelled', this.#last, true);
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
      request.after = this.#last;
      request.running = this.#start(request, since, () => hypotheses.giveBack(n));
    } catch (error) {
      hypotheses.giveBack(n);
      throw pipelineError(error, 'SYLSTREAM_ERR_OPTION');
    }
  }

  #start(request: Request, since: number, onReleased: () => void): RunningContinuation {
    const { metrics, now, link } = this.#options;
    const { gen, after } = request;
    const seconds = (): number => (now() - since) / 1000;
    let isFirst = true;
    return startContinuation(this.#history!, gen, {
      onUnit: ({ hypothesis: j, place: k, id: unit, logProbability: lp }) => {
        if (isFirst) metrics.continuationFirstSeconds.observe(seconds());
        if (!isFirst) this.#budget.spend(now());
        isFirst = false;
        metrics.predictedUnits.inc();
        link()?.send({ t: 'g', id: gen.id, j, k, unit, after, lp });
      },
      onEnd: (reason) => {
        if (reason === 'done') metrics.continuationLastSeconds.observe(seconds());
        this.#over(request, reason);
      },
      onError: (error) => this.#fail(request, error),
      onReleased,
    });
  }

  #overtake(request: Request): void {
    if (request.running === undefined) return;
    request.running.stop();
    this.#over(request, 'superseded');
  }

  /** A continuation is over; so is its request unless it stands. */
  #over(request: Request, reason: ContinuationEnd): void {
    const { gen, after } = request;
    request.running = undefined;
    if (isOnce(gen)) this.#requests.delete(gen.id);
    this.#tell(gen.id, reason, after, !isOnce(gen));
  }

  /** A request is over, its continuation too. */
  #close(request: Request, reason: ContinuationEnd): void {
    request.running?.stop();
    this.#requests.delete(request.gen.id);
    this.#tell(request.gen.id, reason, request.after, false);
  }

  #fail(request: Request, cause: unknown): void {
    request.running?.stop();
    this.#requests.delete(request.gen.id);
    this.#options.metrics.continuations.inc({ reason: 'failed' });
    this.#options.refuse(pipelineError(cause), request.gen.id);
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
