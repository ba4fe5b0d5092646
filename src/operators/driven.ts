import { Observable, Subscriber } from 'rxjs';
import type { Machine } from '../core/machine.ts';

/**
 * Drives a machine by a source: what `push` gives for each value, in order, then what `flush` gives. The machine is released at the
 * end, whatever ended it.
 */
export function driven<In, Out>(
  source: Observable<In>,
  machine: Machine<In, Out>,
): Observable<Out> {
  return new Observable<Out>((destination) => {
    const subscriber = new MachineSubscriber(destination, machine);
    destination.add(() => machine.release?.());
    source.subscribe(subscriber);
  });
}

/**
 * Hands values to a machine and on what it gives. A subscriber of its own in place of `concatMap(machine.push)`, which makes an
 * Observable and a subscription for every value: with 50 chunks a second through three machines that cost as much as their
 * arithmetic.
 */
class MachineSubscriber<In, Out> extends Subscriber<In> {
  readonly #out: Subscriber<Out>;
  readonly #machine: Machine<In, Out>;
  /** Values that came while another was being handed on: they wait for their turn. */
  #waiting: In[] = [];
  #busy = false;
  /** The source completed meanwhile. */
  #ended = false;

  constructor(out: Subscriber<Out>, machine: Machine<In, Out>) {
    super(out);
    this.#out = out;
    this.#machine = machine;
  }

  protected override _next(value: In): void {
    if (this.#busy) {
      this.#waiting.push(value);
      return;
    }
    this.#busy = true;
    this.#handOn(() => this.#machine.push(value));
    while (this.#waiting.length > 0 && !this.closed) {
      const next = this.#waiting.shift()!;
      this.#handOn(() => this.#machine.push(next));
    }
    this.#busy = false;
    if (this.#ended) this.#end();
  }

  protected override _complete(): void {
    this.#ended = true;
    if (!this.#busy) this.#end();
  }

  #end(): void {
    if (!this.closed) this.#handOn(() => this.#machine.flush());
    if (!this.closed) this.#out.complete();
    this.unsubscribe();
  }

  #handOn(run: () => Iterable<Out>): void {
    try {
      for (const value of run()) {
        this.#out.next(value);
        if (this.closed) return;
      }
    } catch (error) {
      this.#out.error(error);
    }
  }
}
