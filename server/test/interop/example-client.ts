import { fileURLToPath } from 'node:url'
import { missingTool } from '../support/tools.ts'
import { type Ended, run } from './program.ts'

export interface ExampleClient {
  readonly name: string
  /** The request that is refused when there is no room. */
  readonly asksBy: 'PUT' | 'OPTIONS'
  /** The reason why it cannot be run here, or false. */
  readonly missing: string | false
  upload(file: string, url: string, options?: UploadOptions): Promise<Ended>
  /** With whatever arguments. */
  run(...args: readonly string[]): Promise<Ended>
}

export interface UploadOptions {
  readonly overwrite?: boolean
  readonly user?: string
  readonly password?: string
  readonly onStderr?: (text: string) => void
}

/** The programs in `examples/`, as a user runs them. */
export const EXAMPLE_CLIENTS: readonly ExampleClient[] = [
  client('curl', 'PUT', ['sh', 'upload.sh'], 'curl'),
  client('PHP', 'PUT', ['php', 'upload.php'], 'php'),
  client('Python', 'OPTIONS', ['/usr/bin/python3', 'upload.py'], '/usr/bin/python3'),
  client('fetch', 'OPTIONS', [process.execPath, 'upload.ts']),
]

function client(
  name: string,
  asksBy: ExampleClient['asksBy'],
  [program, script]: readonly [string, string],
  ...tools: readonly string[]
): ExampleClient {
  const at = fileURLToPath(new URL(`../../../examples/${script}`, import.meta.url))
  return {
    name,
    asksBy,
    missing: missingTool(...tools),
    upload: (file, url, { overwrite = false, user = '', password = '', ...more } = {}) =>
      run(program, [at, ...(overwrite ? ['--overwrite'] : []), file, url], {
        env: { WEBDAV_USER: user, WEBDAV_PASSWORD: password },
        ...more,
      }),
    run: (...args) => run(program, [at, ...args]),
  }
}
