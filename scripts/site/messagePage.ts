import { parse } from 'yaml';
import { code, table } from './tables.ts';

/** What of a JSON Schema the page shows. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly contentEncoding?: string;
}

interface AsyncApi {
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly name: string; readonly summary: string; readonly payload: Schema }>
    >;
  };
  readonly 'x-error-codes': Readonly<
    Record<
      string,
      { readonly close: number | null; readonly retry: boolean; readonly resumable: boolean }
    >
  >;
}

/** Every message and error code of the wire, field by field, as docs/asyncapi.yaml has them. */
export function messagePage(yaml: string): string {
  const { components, 'x-error-codes': errors } = parse(yaml) as AsyncApi;
  const side = (of: string): string =>
    Object.entries(components.messages)
      .filter(([key]) => key.startsWith(`${of}.`))
      .map(([, { name, summary, payload }]) => message(`${name} (${of})`, summary, payload))
      .join('\n\n');
  const codes = Object.entries(errors).map(([name, { close, retry, resumable }]) => [
    `[${code(name)}](../protocol.md#${name})`,
    close === null ? 'not fatal' : String(close),
    retry ? 'yes' : 'no',
    resumable ? 'yes' : 'no',
  ]);
  return [
    '# Messages, field by field',
    'Made from `docs/asyncapi.yaml`. [The protocol](../protocol.md) says what each message means and when it may come.',
    '## What a client sends',
    side('client'),
    '## What a server sends',
    side('server'),
    '## Error codes',
    table(['code', 'close', 'try again', 'by resuming'], codes),
    '',
  ].join('\n\n');
}

function message(title: string, summary: string, payload: Schema): string {
  const rows = fields(payload, '');
  return [`### ${title}`, summary, table(['field', 'type', 'range', 'meaning'], rows)].join('\n\n');
}

/** A row a field, those of maps within under their path. */
function fields(schema: Schema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isOptional = !(schema.required ?? []).includes(name);
    const label = `${path}${name}${isOptional ? '?' : ''}`;
    const row = [code(label), typeOf(field), rangeOf(field), field.description ?? ''];
    return [row, ...fields(field, `${path}${name}.`)];
  });
}

function typeOf({ const: only, enum: choices, anyOf, type, items, ...rest }: Schema): string {
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (only !== undefined) return code(JSON.stringify(only));
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  if (rest.contentEncoding === 'base64') return 'bytes';
  if (type === 'array') return items ? `array of ${items.type ?? 'any'}` : 'array';
  return type ?? 'any';
}

function rangeOf({ minimum, maximum, maxLength, maxItems }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `from ${minimum}`;
  if (maxLength !== undefined) return `up to ${maxLength} characters`;
  return maxItems === undefined ? '' : `up to ${maxItems}`;
}
