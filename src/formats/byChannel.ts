import type { Unit } from '../core/types.ts';

/** The units of one channel; undefined where channels are not told apart. */
export interface ChannelUnits {
  readonly channel: number | undefined;
  readonly units: readonly Unit[];
}

/** Units by their channel, the lowest first; at least one group, which is empty where there is no unit. */
export function byChannel(units: readonly Unit[]): ChannelUnits[] {
  const groups = new Map<number | undefined, Unit[]>();
  for (const unit of units) {
    const group = groups.get(unit.channel) ?? [];
    groups.set(unit.channel, group);
    group.push(unit);
  }
  if (groups.size === 0) return [{ channel: undefined, units: [] }];
  return [...groups]
    .map(([channel, mine]) => ({ channel, units: mine }))
    .toSorted((a, b) => (a.channel ?? 0) - (b.channel ?? 0));
}
