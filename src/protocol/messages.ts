/**
 * Every message of protocol version 1, as types. `clientMessages.ts` and `serverMessages.ts` say what each field is;
 * `docs/protocol.md` says what each side does with them. `t` says which it is; the names are short because they travel.
 * `n` counts samples of one channel at the declared rate; `s`, `e` and `at` count samples at 16 kHz.
 */
import type { CLIENT_MESSAGES } from './clientMessages.ts';
import type { ValueOf } from './kinds.ts';
import type { SERVER_MESSAGES } from './serverMessages.ts';

export type { WireAudioFormat } from './sharedKinds.ts';

type Client<T extends keyof typeof CLIENT_MESSAGES> = ValueOf<(typeof CLIENT_MESSAGES)[T]>;
type Server<T extends keyof typeof SERVER_MESSAGES> = ValueOf<(typeof SERVER_MESSAGES)[T]>;

export type Hello = Client<'hello'>;
export type Audio = Client<'a'>;
export type Again = Client<'again'>;
export type SetDial = Client<'set'>;
export type Gap = Client<'gap'>;
export type FlushRequest = Client<'flush'>;
export type ContinueRequest = Client<'gen'>;
export type Say = Client<'say'>;
export type Heard = Client<'heard'>;
export type Cancel = Client<'cancel'>;
export type End = Client<'end'>;
export type Ping = Client<'ping'>;
export type Pong = Client<'pong'>;

export type Ready = Server<'ready'>;
export type Ack = Server<'ack'>;
export type FinalUnit = Server<'u'>;
export type ProvisionalUnits = Server<'p'>;
export type Flushed = Server<'flushed'>;
export type WirePredictedUnit = Server<'g'>;
export type WireContinuationEnd = Server<'gend'>;
export type WireSound = Server<'w'>;
export type WireSoundEnd = Server<'wend'>;
export type Done = Server<'done'>;
export type GoAway = Server<'goaway'>;
/** A client treats a code that it does not know by `fatal` alone. */
export type WireError = Server<'error'>;

/** The client's audio: format, samples a second, interleaved channels. */
export type WireAudio = Hello['audio'];
/** An id that the client chose and the server gives back. */
export type WireId = FlushRequest['id'];
/** The rate dial: `natural`, or units a second of non-pause. */
export type WireRate = SetDial['rate'];
/** What the server says of its bundle: a unit's id means nothing without it. */
export type WireModel = Ready['model'];

/** What a client may send. */
export type ClientMessage = {
  [T in keyof typeof CLIENT_MESSAGES]: Client<T>;
}[keyof typeof CLIENT_MESSAGES];
/** What a server may send. */
export type ServerMessage = {
  [T in keyof typeof SERVER_MESSAGES]: Server<T>;
}[keyof typeof SERVER_MESSAGES];
/** Any message. */
export type Message = ClientMessage | ServerMessage;
