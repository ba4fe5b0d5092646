/** One function, as it was and as it is; each call does the work of all of the material. */
export interface HotCase {
  readonly name: string;
  readonly before: () => void;
  readonly now: () => void;
}
