import type { Explanation } from '../explain.ts';
import { element } from './element.ts';

/** What a notice can offer. */
export interface NoticeActions {
  readonly retry: () => void;
  readonly useToken: (token: string) => void;
}

/** The message above the picture. */
export interface Notice {
  show(explanation: Explanation): void;
  hide(): void;
}

/** Creates the notice; it says what happened, what to do, and offers to do it. */
export function createNotice(actions: NoticeActions): Notice {
  const box = element('notice', HTMLElement);
  const title = element('notice-title', HTMLElement);
  const text = element('notice-text', HTMLElement);
  const retry = element('notice-action', HTMLButtonElement);
  const form = element('token-form', HTMLFormElement);
  const token = element('token', HTMLInputElement);
  const hide = (): void => {
    box.hidden = true;
  };
  element('notice-close', HTMLButtonElement).addEventListener('click', hide);
  retry.addEventListener('click', () => {
    hide();
    actions.retry();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    hide();
    actions.useToken(token.value);
    token.value = '';
  });
  return {
    show(explanation) {
      title.textContent = explanation.title;
      text.textContent = explanation.text;
      const { action } = explanation;
      retry.hidden = action !== 'retry' && action !== 'recut';
      retry.textContent = action === 'recut' ? 'Cut anew' : 'Try again';
      form.hidden = action !== 'token';
      box.dataset['code'] = explanation.code;
      box.hidden = false;
    },
    hide,
  };
}
