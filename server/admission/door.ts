import { networkOf } from '../limits/addressBook.ts';

/** A connection as the door sees it. */
export interface Cuttable {
  destroy(): unknown;
}

/** Why a connection was cut: too many without a hello, of one address or in all. */
export type CutReason = 'address' | 'total';

/** Keeps the connections that have not said hello within bounds, from the moment they are accepted. */
export interface Door<T extends Cuttable> {
  /** Connections without a hello. */
  readonly waiting: number;
  /**
   * A connection was accepted, or more is known of it: from now on it counts for this address; undefined where no address
   * is to be bounded (the machine itself, a trusted proxy, the holder of a token).
   */
  enter(connection: T, address: string | undefined): void;
  /** It was refused: it is the first to go. */
  refuse(connection: T): void;
  /** How many refused ones of an address still wait for their end. */
  refusedOf(address: string): number;
  /** It said hello, or is gone. */
  leave(connection: T): void;
}

/** Options of `createDoor()`. */
export interface DoorOptions {
  /** Connections without a hello of one address, IPv6 by /64. */
  readonly perAddress: number;
  /** Connections without a hello in all. */
  readonly total: number;
  /** Told of each that is cut; `address` as in `enter`. */
  readonly onCut: (reason: CutReason, address: string | undefined) => void;
}

/** The connections of one address, each set oldest first. */
interface Guests<T> {
  readonly address: string | undefined;
  readonly refused: Set<T>;
  readonly silent: Set<T>;
}

/**
 * Makes an open door. It never refuses the newest: over a bound the oldest goes that has said nothing, of the same address or,
 * over the bound in all, of the address that has most. So a flood of silent connections cuts itself, and who says hello
 * at once comes in beside it.
 */
export function createDoor<T extends Cuttable>(options: DoorOptions): Door<T> {
  const { perAddress, total, onCut } = options;
  const houses = new Map<string, Guests<T>>();
  const houseOf = new Map<T, string>();

  const sizeOf = ({ refused, silent }: Guests<T>): number => refused.size + silent.size;

  function leave(connection: T): void {
    const key = houseOf.get(connection);
    if (key === undefined) return;
    houseOf.delete(connection);
    const guests = houses.get(key)!;
    guests.refused.delete(connection);
    guests.silent.delete(connection);
    if (sizeOf(guests) === 0) houses.delete(key);
  }

  function cutOldest(guests: Guests<T>, reason: CutReason): void {
    const [oldest] = guests.refused.size > 0 ? guests.refused : guests.silent;
    leave(oldest);
    onCut(reason, guests.address);
    oldest.destroy();
  }

  function largest(): Guests<T> {
    return [...houses.values()].reduce((most, one) => (sizeOf(one) > sizeOf(most) ? one : most));
  }

  return {
    get waiting() {
      return houseOf.size;
    },
    enter(connection, address) {
      leave(connection);
      const key = address === undefined ? '' : networkOf(address);
      let guests = houses.get(key);
      if (guests === undefined) {
        guests = { address, refused: new Set(), silent: new Set() };
        houses.set(key, guests);
      }
      guests.silent.add(connection);
      houseOf.set(connection, key);
      if (address !== undefined && sizeOf(guests) > perAddress) cutOldest(guests, 'address');
      if (houseOf.size > total) cutOldest(largest(), 'total');
    },
    refuse(connection) {
      const guests = houses.get(houseOf.get(connection) ?? '-');
      if (guests?.silent.delete(connection)) guests.refused.add(connection);
    },
    refusedOf: (address) => houses.get(networkOf(address))?.refused.size ?? 0,
    leave,
  };
}
