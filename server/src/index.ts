export type { WebhookOptions } from './alerts/webhook.ts'
export type { Limits } from './core/limits.ts'
export type { Log, LogFields, RefusalRecord, RequestRecord } from './core/log.ts'
export { silentLog } from './core/log.ts'
export type { Network } from './core/network.ts'
export type { Authenticate, Credentials, Principal } from './core/principal.ts'
export { StartError } from './core/start-error.ts'
export type { FrontOptions, Sendfile } from './front.ts'
export {
  type CountingProgress,
  type RunningServer,
  type ServerOptions,
  type Summary,
  startServer,
} from './server.ts'
export type { Durability } from './storage/folder/volume.ts'
