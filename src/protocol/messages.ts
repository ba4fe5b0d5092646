/**
 * Every message of protocol version 1. `t` says which; the names are short because they travel.
 * `n` counts samples of one channel at the declared rate; `s`, `e` and `at` count samples at 16 kHz.
 * `docs/protocol.md` says what each side does with them.
 */

/** How the bytes of `a.d` are read. */
export type WireAudioFormat = 's16le' | 'f32le' | 'mulaw' | 'alaw';

/** The client's audio: format, samples a second (8,000 to 192,000), interleaved channels (1 to 6). */
export interface WireAudio {
  readonly fmt: WireAudioFormat;
  readonly rate: number;
  readonly ch: number;
}

/** An id that the client chose and the server gives back: a string of at most 64, or an integer. */
export type WireId = string | number;

/** The rate dial: `natural`, or units a second of non-pause. */
export type WireRate = 'natural' | number;

/** What the server says of its bundle: a unit's id means nothing without it. */
export interface WireModel {
  readonly id: string;
  /** The bundle's hash. */
  readonly sha256: string;
  /** Calibrated units a second at `rate`. */
  readonly unit_hz: number;
  /** Features a second. */
  readonly frame_hz: number;
  /** M: ids are 1 to M, 0 is a pause. */
  readonly units: number;
  /** Audio that a feature waits for: the encoder chunk and its delay. */
  readonly lookahead_ms: number;
  readonly rate: WireRate;
  readonly lambda: number;
  /** Whether there is a language model for units at this rate, so that `gen` is answered. */
  readonly lm?: boolean;
}

export interface Hello {
  readonly t: 'hello';
  /** Minor version that the client knows, from 1. */
  readonly v: number;
  readonly audio: WireAudio;
  /** A bundle's name or hash; the server refuses any other than its own. */
  readonly model?: string;
  readonly want?: {
    readonly partials?: boolean;
    readonly features?: boolean;
    readonly continuation?: boolean;
    /** Seals, so that another gateway can take the session over. */
    readonly takeover?: boolean;
  };
  /** `live` (default): as it is spoken. `file`: faster than real time, with more credit, and counts for more. */
  readonly pace?: 'live' | 'file';
  readonly rate?: WireRate;
  readonly max_delay_ms?: number;
  readonly resume?: {
    readonly token: string;
    /** Index of the last unit that arrived; −1 for none. */
    readonly after: number;
    /** Id of the last `flushed` that arrived. */
    readonly flush?: WireId;
    /** Fail with `resume_expired` rather than begin anew. */
    readonly only?: boolean;
  };
  /** With `resume`: the newest `ack.seal`, for a gateway that does not know the token. */
  readonly seal?: Uint8Array;
  /** With `seal`: `[id, s, e]` of the last units that arrived, up to 300, for continuations. */
  readonly past?: readonly (readonly [id: number, s: number, e: number])[];
  readonly client?: { readonly name: string; readonly version: string };
}

export interface Audio {
  readonly t: 'a';
  /** Index of the first sample. */
  readonly n: number;
  readonly d: Uint8Array;
}

export interface SetDial {
  readonly t: 'set';
  readonly rate: WireRate;
  /** Sample at 16 kHz from which it holds, rounded up to a token; default: at once. */
  readonly from?: number;
  /** With `want.takeover`: the number of this `set` or `flush` among all of the session's; one that was there counts once. */
  readonly k?: number;
}

/** `len` samples from `n` on are missing; they are filled with zeros. */
export interface Gap {
  readonly t: 'gap';
  readonly n: number;
  readonly len: number;
}

/** After a takeover: audio of the past, outside of credit and pace; `len` samples of a hole where there is no `d`. */
export interface Again {
  readonly t: 'again';
  readonly n: number;
  readonly d?: Uint8Array;
  readonly len?: number;
}

export interface FlushRequest {
  readonly t: 'flush';
  readonly id: WireId;
  /** As `set.k`. */
  readonly k?: number;
}

export interface ContinueRequest {
  readonly t: 'gen';
  readonly id: WireId;
  /** Units of each hypothesis at most, 1 to 300. */
  readonly max: number;
  /** Seconds of each hypothesis at most, at the stream's own pace. */
  readonly seconds?: number;
  readonly temp?: number;
  readonly seed?: number;
  /** Hypotheses side by side, 1 to 16; default 1. */
  readonly n?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly penalty?: number;
  /** `now` (default): one continuation. `unit`, `flush`: one after every final unit, or every flush, until `cancel`. */
  readonly on?: 'now' | 'unit' | 'flush';
}

export interface Cancel {
  readonly t: 'cancel';
  readonly id: WireId;
}

export interface End {
  readonly t: 'end';
}

export interface Ping {
  readonly t: 'ping';
  readonly x?: WireId;
}

export interface Pong {
  readonly t: 'pong';
  readonly x?: WireId;
}

export interface Ready {
  readonly t: 'ready';
  readonly sid: string;
  readonly resumed: boolean;
  /** For the next `resume`; the one before is void as soon as any message follows this one. */
  readonly token: string;
  /** How long a dropped session waits. */
  readonly window_ms: number;
  /** The sample to send next. */
  readonly next: number;
  /** Samples the client may send from `next` on. */
  readonly credit: number;
  /** After a takeover: send `again` from this sample up to `next`, and the controls from number `k` on at their places. */
  readonly again?: number;
  readonly k?: number;
  /** With `want.takeover`, where the server offers it. */
  readonly takeover?: {
    /** Audio that a client has to keep for it, at most, beyond what is not acknowledged. */
    readonly bytes: number;
    /** What makes the bits of the units beside the bundle: gateways that say the same give the same. */
    readonly bits: string;
  };
  readonly audio: WireAudio;
  readonly model: WireModel;
  readonly limits: {
    readonly msg_bytes: number;
    readonly ahead_ms: number;
    readonly idle_ms: number;
    readonly session_s: number;
  };
}

export interface Ack {
  readonly t: 'ack';
  /** Samples before this one are the server's and need not be kept. */
  readonly n: number;
  /** Samples the client may send from `n` on. */
  readonly credit: number;
  /** From the arrival of the sample that completed the newest step to its features. */
  readonly lag_ms: number;
  /** What another gateway needs of the session, for `hello.seal`; replaces the one before. */
  readonly seal?: Uint8Array;
  /** With `seal`: the audio from this sample on has to be kept, whatever `n` says. */
  readonly keep?: number;
  /** With `seal`: so have the controls from this number on. */
  readonly k?: number;
}

export interface FinalUnit {
  readonly t: 'u';
  readonly i: number;
  readonly id: number;
  readonly s: number;
  readonly e: number;
  /** Sample at which it was decided. */
  readonly at: number;
  /** The finer name, 1 to K; absent for a pause. */
  readonly fine?: number;
  /** Confidence, 0 to 1. */
  readonly c?: number;
  readonly pause?: boolean;
  readonly forced?: boolean;
  /** The segment's vector, `[D]` float32 little-endian; with `want.features`. */
  readonly f?: Uint8Array;
}

export interface ProvisionalUnits {
  readonly t: 'p';
  readonly from: number;
  /** `[id, s, e]` each; replaces the `p` before. */
  readonly us: readonly (readonly [id: number, s: number, e: number])[];
}

export interface Flushed {
  readonly t: 'flushed';
  readonly id: WireId;
  /** All is decided up to this sample, at 16 kHz. */
  readonly n: number;
  /** Units decided: the next one has this index. */
  readonly i: number;
}

export interface WirePredictedUnit {
  readonly t: 'g';
  readonly id: WireId;
  /** Which of the n hypotheses. */
  readonly j: number;
  /** Place in it. */
  readonly k: number;
  readonly unit: number;
  /** Index of the last unit it knows, −1 for none. */
  readonly after: number;
  /** Natural logarithm of the probability that the model gave it. */
  readonly lp?: number;
}

export interface WireContinuationEnd {
  readonly t: 'gend';
  readonly id: WireId;
  readonly reason: 'done' | 'cancelled' | 'superseded' | 'unsupported';
  /** Index of the last unit that it knew, −1 for none. */
  readonly after?: number;
  /** The request stands: another continuation follows. */
  readonly more?: boolean;
}

export interface Done {
  readonly t: 'done';
  readonly units: number;
  readonly samples: number;
  readonly lag_p99_ms: number;
}

export interface GoAway {
  readonly t: 'goaway';
  /** When the server will close. */
  readonly deadline_ms: number;
  readonly reason: 'drain' | 'session_limit';
  /** The session's newest seal serves at other gateways now, while this one goes on until then. */
  readonly elsewhere?: boolean;
}

export interface WireError {
  readonly t: 'error';
  /** One of the documented codes; a client treats an unknown one by `fatal` alone. */
  readonly code: string;
  readonly fatal: boolean;
  readonly msg: string;
  readonly retry_after_ms?: number;
  /** The `t` or the id that it is about. */
  readonly ref?: WireId;
}

/** What a client may send. */
export type ClientMessage =
  | Hello
  | Audio
  | Again
  | SetDial
  | Gap
  | FlushRequest
  | ContinueRequest
  | Cancel
  | End
  | Ping
  | Pong;

/** What a server may send. */
export type ServerMessage =
  | Ready
  | Ack
  | FinalUnit
  | ProvisionalUnits
  | Flushed
  | WirePredictedUnit
  | WireContinuationEnd
  | Done
  | GoAway
  | Ping
  | Pong
  | WireError;

/** Any message. */
export type Message = ClientMessage | ServerMessage;
