/** What can go wrong before the server is asked: a closed list, so that every case has words for a person. */
export type PageProblem =
  | 'insecure-origin'
  | 'no-permission'
  | 'no-microphone'
  | 'microphone-busy'
  | 'microphone-lost'
  | 'reconnecting'
  | 'went-on'
  | 'pieced-together'
  | 'unreadable-file'
  | 'empty-file'
  | 'too-long';

/** A problem on the person's side of the page. `explain.ts` has the words. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly problem: PageProblem;

  constructor(problem: PageProblem, options?: { readonly cause?: unknown }) {
    super(problem, options);
    this.problem = problem;
  }
}
