/** Keeps the client's numbers of its controls and the stream's own together. */
export interface ControlNumbers {
  /** A `set` or `flush` came: whether it is new. One without a number gets the next. */
  isNew(number: number | undefined): boolean;
  /** The last one that was new went into the stream. */
  given(): void;
  /** The client's number of the first control that a state lacks which holds so many of the stream's. */
  firstAfter(obeyed: number): number;
}

/** Makes the numbers of a session whose stream has obeyed `obeyed` controls, the client's next number being `next`. */
export function createControlNumbers(next = 0, obeyed = 0): ControlNumbers {
  let given = obeyed;
  /** The client's numbers of those that the stream was given and perhaps has not obeyed. */
  let open: { readonly stream: number; readonly client: number }[] = [];
  return {
    isNew(number = next) {
      if (number < next) return false;
      next = number + 1;
      return true;
    },
    given() {
      open.push({ stream: given++, client: next - 1 });
    },
    firstAfter(done) {
      open = open.filter(({ stream }) => stream >= done);
      return open[0]?.client ?? next;
    },
  };
}
