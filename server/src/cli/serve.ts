import type { Loaded } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import type { Log } from '../core/log.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'
import { type Access, decideAccess, isLoopback } from './access.ts'
import { socketFromSystemd } from './activation.ts'
import { banner } from './banner.ts'
import { spacesOf } from './homes.ts'
import { createLog, type LogFormat, standardErrorStream } from './log.ts'
import { countingProgress } from './progress.ts'
import { decideWebhook } from './webhook.ts'

/**
 * Serves until SIGTERM or SIGINT, then finishes or undoes what runs and ends the process with code 0. A second
 * signal ends it at once with code 1; what ran then is recovered by the next start, as after a crash.
 *
 * @throws StartError where the settings or the folder cannot be used
 */
export async function serve(loaded: Loaded): Promise<never> {
  const { settings } = loaded
  const inheritedSocket = socketFromSystemd(process.env, process.pid)
  const access = await decideAccess(loaded, inheritedSocket)
  const log = createLog(logFormatOf(settings), standardErrorStream())

  const stopped = stopSignal()
  const options = {
    ...serverOptions(loaded, access, log),
    inheritedSocket,
    webhook: await decideWebhook(settings),
  }
  const server = await Promise.race([startServer(options), stopped])
  // What a start had begun is finished by the next one, as after a crash.
  if (typeof server === 'string') process.exit(0)

  process.stdout.write(await describe(server, access))
  log.info(`stopping after ${await stopped}`)
  await server.close()
  process.exit(0)
}

function logFormatOf({ logFormat }: Settings): LogFormat {
  if (logFormat !== 'auto') return logFormat
  return process.stderr.isTTY ? 'text' : 'json'
}

function serverOptions(loaded: Loaded, access: Access, log: Log): ServerOptions {
  const { settings } = loaded
  return {
    folder: settings.folder,
    stateDirectory: settings.state,
    host: settings.host,
    port: settings.port,
    basePath: settings.basePath === '/' ? '' : settings.basePath,
    limitBytes: settings.limit,
    spaces: spacesOf(loaded, usersOf(settings, access)),
    keepFreeBytes: settings.keepFree,
    maxFileBytes: settings.maxFileSize,
    durability: settings.durability,
    errorPages: settings.errorPages,
    trustProxy: settings.trustProxy,
    sendfile: settings.sendfile,
    watch: settings.watch,
    limits: {
      infiniteDepthResources: settings.infiniteDepth,
      nearPercent: settings.warn[0],
      criticalPercent: settings.warn[1],
    },
    authenticate: access.authenticate,
    log,
    onCounting: countingProgress({
      terminal: process.stderr.isTTY && logFormatOf(settings) === 'text' ? process.stderr : null,
      log,
      now: () => performance.now(),
    }),
  }
}

function usersOf({ user }: Settings, { made, isOpen }: Access): readonly string[] | null {
  if (isOpen) return null
  return made === null ? user.map(({ name }) => name) : [made.name]
}

async function describe(server: RunningServer, { made, isOpen }: Access): Promise<string> {
  const summary = await server.summary()
  const isReachable = !isLoopback(new URL(server.url).hostname)
  return banner({ ...summary, url: server.url, made, isOpen, isReachable })
}

/** Resolves to the name of the first signal to stop; the second one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (asked) process.exit(1)
        asked = true
        resolve(name)
      })
    }
  })
}
