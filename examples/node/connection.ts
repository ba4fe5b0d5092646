import type { parseArgs } from 'node:util';
import type { formats, Rate } from 'sylstream';
import type { StreamEvent, StreamOptions } from 'sylstream/client';

/** The options that all these programs take. */
export const CONNECTION = {
  url: { type: 'string', default: 'ws://127.0.0.1:8990/v1/stream' },
  rate: { type: 'string', default: 'natural' },
} as const;

type Values = ReturnType<typeof parseArgs<{ readonly options: typeof CONNECTION }>>['values'];

/** What they mean to the client; a bearer token comes from `SYLSTREAM_TOKEN`. */
export function streamOptions({ rate }: Pick<Values, 'rate'>): StreamOptions & { rate: Rate } {
  const token = process.env['SYLSTREAM_TOKEN'];
  return {
    rate: rate === 'natural' ? rate : Number(rate),
    // The library's samples are 32-bit floats: sent as such, units are those of a run without a socket.
    format: 'f32le',
    client: { name: 'sylstream-example', version: '1' },
    ...(token !== undefined && { token }),
  };
}

/** What the units of a stream mean, from its `ready`. */
export function provenanceOf(
  { model }: Extract<StreamEvent, { type: 'ready' }>,
  rate: Rate,
): formats.StatedProvenance {
  return { bundle: model.id, hash: model.sha256, rate, lambda: model.lambda };
}
