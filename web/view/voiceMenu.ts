import { element } from './element.ts';

/** Chooses what is played: the recording itself, or a voice that speaks its units. */
export interface VoiceMenu {
  /** The voices that there are. */
  readonly names: readonly string[];
  /** The voice; undefined for the recording itself. */
  readonly chosen: string | undefined;
  /** Offers voices; without any there is nothing to choose. */
  show(names: readonly string[]): void;
}

/** Creates the menu, which is not seen before there are voices. */
export function createVoiceMenu(): VoiceMenu {
  const menu = element('voice', HTMLSelectElement);
  let shown: readonly string[] = [];
  return {
    get names() {
      return shown;
    },
    get chosen() {
      return shown.includes(menu.value) ? menu.value : undefined;
    },
    show(names) {
      const kept = menu.value;
      element('voice-label', HTMLElement).hidden = names.length === 0;
      if (names.join('\n') === shown.join('\n')) return;
      shown = names;
      menu.replaceChildren(
        new Option('recorded', ''),
        ...names.map((name) => new Option(`its units, spoken by ${name}`, name)),
      );
      menu.value = names.includes(kept) ? kept : '';
    },
  };
}
