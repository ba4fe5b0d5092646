import { PipelineError } from '../../core/errors.ts';
import * as compiled from './schemaChecks.ts';

/** A schema of `docs/schema`. */
export type SchemaName = keyof typeof compiled;

/** The first thing that is wrong with a value, as Ajv says it. */
interface Fault {
  /** A JSON pointer (RFC 6901). */
  readonly instancePath: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Whether a value follows a schema; `errors` says of the last one why not. */
interface SchemaCheck {
  (value: unknown): boolean;
  readonly errors?: readonly Fault[] | null;
}

/** The check of every schema, compiled ahead. */
export const SCHEMA_CHECKS: Readonly<Record<SchemaName, SchemaCheck>> = compiled;

/**
 * Parses a JSON file that must follow `docs/schema/SCHEMA.schema.json`. `name`: the file as errors call it.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT`
 */
export function parseJson(text: string, name: string, schema: SchemaName): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${name} is not JSON; fetch or export the bundle again`,
      { cause },
    );
  }
  const check = SCHEMA_CHECKS[schema];
  if (!check(value)) {
    const [first] = check.errors!;
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${name}: ${first.instancePath || 'the whole'} ${first.message}${paramsOf(first.params)}; ` +
        `docs/schema/${schema}.schema.json has the format`,
    );
  }
  return value;
}

function paramsOf(params: Fault['params']): string {
  return Object.keys(params).length ? ` ${JSON.stringify(params)}` : '';
}
