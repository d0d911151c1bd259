import { spawnSync } from 'node:child_process'

/**
 * The reason to skip a test that needs a program of the system, or false if it is there. Continuous integration
 * installs all of them and forbids skips.
 */
export function missingTool(...names: readonly string[]): string | false {
  const missing = names.filter((name) => spawnSync('which', [name]).status !== 0)
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

/** The reason to skip a test that mounts file systems, or false where that is allowed. */
export function cannotMount(): string | false {
  return process.getuid?.() !== 0 && 'only root can mount a file system'
}
