/** Limits of a message itself, the same for every server. Those of a deployment come in `ready.limits`. */

/** Bytes of one WebSocket message, as it travels; a longer one closes the socket with 1009. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024;
/** Nesting of maps and arrays; the message itself is level 1. */
export const MAX_DEPTH = 8;
/** Keys of one map. */
export const MAX_KEYS = 64;
/** Items of one array inside a message. */
export const MAX_ITEMS = 4096;
/** Characters of a name, an id or a ping's content. */
export const MAX_NAME_LENGTH = 64;
/** Characters of a token or of an error's text. */
export const MAX_TEXT_LENGTH = 1024;
/** Units of one `say`. */
export const MAX_SAID_UNITS = 1024;
/** Largest sample index, the largest integer that a double holds exactly. */
export const MAX_SAMPLE: number = Number.MAX_SAFE_INTEGER;
