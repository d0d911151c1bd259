import { run } from '../program.ts'
import type { Front } from './front.ts'

export interface Answered {
  readonly status: number
  /** The head of the last answer. */
  readonly head: string
  readonly body: string
  readonly uploadedBytes: number
  readonly code: number
  readonly stderr: string
}

/** One request by curl through a front whose authority it trusts; the path goes out as it is written. */
export async function curl(front: Front, path: string, ...args: readonly string[]): Promise<Answered> {
  const fixed = ['-sS', '--cacert', front.caFile, '--max-time', '100', '--path-as-is', '-D', '-', '-o', '-']
  const { code, stdout, stderr } = await run('curl', [
    ...fixed,
    ...['-w', '\n%{http_code} %{size_upload} %{size_header}', ...args, front.url + path],
  ])
  const cut = stdout.lastIndexOf('\n')
  const [status = 0, uploadedBytes = 0, headBytes = 0] = stdout
    .slice(cut + 1)
    .split(' ')
    .map(Number)
  return {
    status,
    // A 100 Continue has a head of its own, which stands first.
    head: stdout.slice(0, headBytes).split('\r\n\r\n').at(-2) ?? '',
    body: stdout.slice(headBytes, cut),
    uploadedBytes,
    code,
    stderr,
  }
}

/** The value of a field of an answer, if it is there. */
export function field({ head }: Answered, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim()
}
