import * as v from 'valibot';
import { PipelineError } from '../core/errors.ts';
import { describeValue } from './describe.ts';
import { isLeaf, isOptional, kindOf } from './kinds.ts';
import type { Fields, Kind, MapKind, ValueOf } from './kinds.ts';
import { isWireMap } from './wireMap.ts';
import type { WireMap } from './wireMap.ts';

/** Checks maps of one kind. `path` names the map in errors. */
export type MapCheck<K extends MapKind<Fields>> = (map: WireMap, path: string) => ValueOf<K>;

/**
 * Makes the check of a kind of map: it returns a new map that holds the known fields and nothing else. An optional field that is null
 * is left out. Throws `SYLSTREAM_ERR_MALFORMED` when a field is missing or holds anything else than its kind.
 *
 * Fields that are leaves are tested one after the other, which is all there is to most messages. What is deeper, and who is wrong
 * and where, is Valibot's work.
 */
export function createMapCheck<K extends MapKind<Fields>>(kind: K): MapCheck<K> {
  const quick = createQuickCheck(kind.fields);
  return (map, path) => (quick(map) ?? thoroughly(kind, map, path)) as ValueOf<K>;
}

/** The checked map, or undefined where the schema has to be asked. */
function createQuickCheck(fields: Fields): (map: WireMap) => WireMap | undefined {
  const all = Object.entries(fields).map(([name, field]) => {
    const kind = kindOf(field);
    return { name, optional: isOptional(field), holds: isLeaf(kind) ? kind.holds : () => false };
  });
  return (map) => {
    const checked: Record<string, unknown> = {};
    for (const { name, optional, holds } of all) {
      const value = Object.hasOwn(map, name) ? map[name] : undefined;
      if (value === undefined || value === null) {
        if (!optional) return undefined;
      } else if (holds(value)) checked[name] = value;
      else return undefined;
    }
    return checked;
  };
}

function thoroughly(kind: MapKind<Fields>, map: WireMap, path: string): WireMap {
  const result = v.safeParse(kind, withoutNulls(map), { abortEarly: true });
  if (result.success) return result.output;
  throw new PipelineError('SYLSTREAM_ERR_MALFORMED', textOf(result.issues[0], kind, path));
}

/** What is null counts as missing, in the map and in those inside it. */
function withoutNulls(map: WireMap): WireMap {
  const there = Object.entries(map).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    there.map(([name, value]) => [name, isWireMap(value) ? withoutNulls(value) : value]),
  );
}

function textOf(issue: v.BaseIssue<unknown>, kind: MapKind<Fields>, path: string): string {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const place = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  if (issue.type !== 'object') {
    return `${path}${place}: expected ${issue.message}, got ${describeValue(issue.input)}`;
  }
  return `${path}${place} is missing: expected ${fieldAt(kind, keys).says}`;
}

/** The field at a path of names. */
function fieldAt(kind: MapKind<Fields>, keys: readonly (string | number)[]): Kind<unknown> {
  return keys.reduce<Kind<unknown>>((at, key) => kindOf((at as MapKind<Fields>).fields[key]), kind);
}
