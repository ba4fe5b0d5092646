import { element } from './element.ts';

const KEY = 'sylstream-theme';

/** Follows the system's light or dark, until the button says otherwise; remembers what it said. */
export function createTheme(onChange: (dark: boolean) => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = (): string | null => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser that keeps nothing: the system decides
    }
  };
  const isDark = (): boolean => (stored() ?? (system.matches ? 'dark' : 'light')) === 'dark';
  function apply(dark: boolean): void {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    onChange(dark);
  }
  element('theme', HTMLButtonElement).addEventListener('click', () => {
    const dark = document.documentElement.dataset['theme'] !== 'dark';
    try {
      localStorage.setItem(KEY, dark ? 'dark' : 'light');
    } catch {
      // Not remembered; it holds for this visit.
    }
    apply(dark);
  });
  system.addEventListener('change', () => apply(isDark()));
  apply(isDark());
}
