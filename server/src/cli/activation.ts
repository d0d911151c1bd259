import { StartError } from '../core/start-error.ts'

/** The first descriptor that is passed on, SD_LISTEN_FDS_START in sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3

/**
 * The socket on which systemd listens for this process, so that clients wait rather than fail while it starts; null
 * where there is none. What is meant for another process, as the variables say, is left alone.
 *
 * @throws StartError for more sockets than one
 * @see sd_listen_fds(3)
 */
export function socketFromSystemd(
  environment: Readonly<Record<string, string | undefined>>,
  processId: number,
): number | null {
  const { LISTEN_FDS: count = '', LISTEN_PID: meant } = environment
  if (meant !== String(processId) || count === '' || count === '0') return null
  if (count === '1') return FIRST_DESCRIPTOR
  throw new StartError(`systemd passed ${count} sockets on`, 'Have one ListenStream= in the socket unit.')
}
