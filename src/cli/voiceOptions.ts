import type { Command } from 'commander';

/** What the option below gives. */
export interface VoiceOptions {
  readonly voice?: string;
}

/** Adds the option that chooses who speaks. */
export function withVoiceOption(command: Command): Command {
  return command.option(
    '--voice <name>',
    "who speaks (default: the bundle's first; sylstream model info lists them)",
  );
}
