import { PipelineError } from '../../src/core/errors.ts';
import type { Unit } from '../../src/core/types.ts';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import type { UnitSpeaker } from '../../src/models/speak/unitSpeaker.ts';
import type {
  ContinueRequest,
  Heard,
  Say,
  WireId,
  WireSoundEnd,
} from '../../src/protocol/index.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import type { SpokenUnit } from '../../src/speak/unitWindow.ts';
import type { Quota } from '../limits/quota.ts';
import { createTokenBucket, type TokenBucket } from '../limits/tokenBucket.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Settings } from '../settings/settings.ts';
import type { ContinuationHearer } from './continuations.ts';
import type { Link } from './link.ts';
import { pipelineError } from './pipelineError.ts';
import { Speech, type Sound } from './speech.ts';
import { unitsToSay } from './unitsToSay.ts';

/** What a session's speeches need. */
export interface SpeechesOptions {
  /** Absent where the bundle has none. */
  readonly speaker: UnitSpeaker | undefined;
  readonly bundle: Bundle;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** What is being said in all sessions. */
  readonly places: Quota;
  /** Monotone milliseconds. */
  readonly now: () => number;
  /** The session's client while there is one. */
  readonly link: () => Link | undefined;
  /** Begins a continuation; as `Continuations.ask`. */
  readonly predict: (gen: ContinueRequest, hearer: ContinuationHearer) => void;
  /** Says a mistake that does not end the session. */
  readonly refuse: (error: PipelineError, ref: WireId) => void;
}

type Reason = WireSoundEnd['reason'];

/** A `say` that is not over. */
interface Spoken {
  readonly say: Say;
  readonly speech: Speech;
  /** Whether it says the stream's own units. */
  readonly follows: boolean;
  /** What its end will be called if nothing ends it before. */
  reason: Reason;
}

/** Sound of so many seconds may come at once. */
const BURST_SECONDS = 4;
/** Samples that may go before the first `heard`. */
const FIRST_CREDIT = 2 * SAMPLE_RATE;
/** Units of a continuation where nothing is said. */
const MOST_UNITS = 300;

/** What is being said for one session. It belongs to the connection, as requests for continuations do: `drop()` when the client goes. */
export class Speeches {
  readonly #options: SpeechesOptions;
  readonly #budget: TokenBucket;
  readonly #spoken = new Map<WireId, Spoken>();

  constructor(options: SpeechesOptions) {
    this.#options = options;
    const perSecond = options.settings.speechPace * SAMPLE_RATE;
    this.#budget = createTokenBucket(perSecond, BURST_SECONDS * SAMPLE_RATE, options.now());
  }

  /** Whether nothing is being said. */
  get isEmpty(): boolean {
    return this.#spoken.size === 0;
  }

  /** Begins; throws a `PipelineError` for what is over a bound or cannot be spoken: then nothing of it is. */
  ask(say: Say): void {
    const { speaker, bundle } = this.#options;
    if (speaker === undefined) return this.#tell(say.id, 'unsupported', 0);
    if (this.#spoken.has(say.id)) {
      const message = `say ${say.id} is under way; cancel it, or choose another id`;
      throw new PipelineError('SYLSTREAM_ERR_OPTION', message);
    }
    if (say.model !== undefined && say.model !== bundle.hash && say.model !== bundle.manifest.name)
      throw new PipelineError(
        'SYLSTREAM_ERR_MODEL',
        `these units are of ${say.model}, this server runs ${bundle.manifest.name}, ${bundle.hash}`,
      );
    const units = unitsToSay(say, speaker);
    const spoken = this.#begin(say, speaker, units === undefined && say.of === 'units');
    this.#spoken.set(say.id, spoken);
    if (units !== undefined) this.#sayAll(spoken.speech, units);
    else if (say.of === 'continuation') this.#predict(spoken);
  }

  /** Lets more come. */
  heard({ id, n, credit }: Heard): void {
    this.#spoken.get(id)?.speech.grant(n + credit);
  }

  /** Falls silent; what is over was answered already. */
  cancel(id: WireId): void {
    this.#close(id, 'cancelled');
  }

  /** A final unit came: it is said, or ends what is not to be said over it. */
  unit(unit: Unit): void {
    for (const { say, speech, follows } of this.#spoken.values()) {
      if (follows) speech.push(unit);
      else if (say.keep !== true && !unit.pause) this.#close(say.id, 'superseded');
    }
  }

  /** The stream is over: what is being said is said to its end. */
  finish(): void {
    for (const { speech, follows } of this.#spoken.values()) if (follows) speech.end();
  }

  /** Goes on where that is allowed again. */
  pump(): void {
    for (const { speech } of this.#spoken.values()) speech.pump();
  }

  /** Ends all. */
  closeAll(reason: Reason): void {
    for (const id of this.#spoken.keys()) this.#close(id, reason);
  }

  /** The client is gone: ends all without a word. */
  drop(): void {
    for (const { say } of this.#spoken.values()) this.#forget(say.id);
  }

  #begin(say: Say, speaker: UnitSpeaker, follows: boolean): Spoken {
    const { now, places, settings, link } = this.#options;
    if (this.#spoken.size >= settings.speechRequests)
      throw this.#overBound(`a session may have ${settings.speechRequests} speeches at once`);
    if (!places.take(1)) throw this.#overBound('the server speaks as much as it may; ask later');
    try {
      const session = speaker.open(say.voice);
      const speech = new Speech({
        session,
        window: speaker.window(say.lookahead),
        credit: say.credit ?? FIRST_CREDIT,
        mayGo: () => this.#budget.left(now()) > 0 && link()?.hasRoom() === true,
        onSound: (sound) => this.#send(say.id, sound),
        onEnd: () => this.#close(say.id, this.#spoken.get(say.id)!.reason),
        onError: (error) => this.#fail(say.id, error),
        now,
      });
      return { say, speech, follows, reason: 'done' };
    } catch (error) {
      places.giveBack(1);
      throw error;
    }
  }

  #sayAll(speech: Speech, units: readonly SpokenUnit[]): void {
    for (const unit of units) speech.push(unit);
    speech.end();
  }

  #predict(spoken: Spoken): void {
    const { say, speech } = spoken;
    const gen: ContinueRequest = { t: 'gen', id: say.id, max: MOST_UNITS, ...say.gen };
    const hearer: ContinuationHearer = {
      unit: ({ id }) => speech.push({ id }),
      end: (reason) => {
        if (reason === 'cancelled' || reason === 'unsupported') return this.#close(say.id, reason);
        spoken.reason = reason;
        speech.end();
      },
    };
    try {
      this.#options.predict(gen, hearer);
    } catch (error) {
      this.#forget(say.id);
      throw error;
    }
  }

  #send(id: WireId, { n, samples, bytes, since }: Sound): void {
    const { metrics, now, link } = this.#options;
    this.#budget.spend(now(), samples);
    metrics.traffic.spokenSeconds += samples / SAMPLE_RATE;
    if (n === 0) metrics.speechFirstSeconds.observe((now() - since) / 1000);
    link()?.send({ t: 'w', id, n, d: bytes });
  }

  #fail(id: WireId, cause: unknown): void {
    if (!this.#forget(id)) return;
    this.#options.metrics.speeches.inc({ reason: 'failed' });
    this.#options.refuse(pipelineError(cause), id);
  }

  #close(id: WireId, reason: Reason): void {
    const spoken = this.#forget(id);
    if (spoken) this.#tell(id, reason, spoken.speech.sent);
  }

  #forget(id: WireId): Spoken | undefined {
    const spoken = this.#spoken.get(id);
    if (spoken === undefined) return undefined;
    this.#spoken.delete(id);
    spoken.speech.stop();
    this.#options.places.giveBack(1);
    return spoken;
  }

  #tell(id: WireId, reason: Reason, n: number): void {
    this.#options.metrics.speeches.inc({ reason });
    this.#options.link()?.send({ t: 'wend', id, reason, n });
  }

  #overBound(message: string): PipelineError {
    this.#options.metrics.speeches.inc({ reason: 'refused' });
    return new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message);
  }
}
