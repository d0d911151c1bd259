import { mkdirSync, writeFileSync } from 'node:fs'
import { deployed, type Plan, type Program, replaced, within } from './plan.ts'

export function caddy(plan: Plan): Program {
  const { authority, port, upstreamPort, edit } = plan
  const home = within(plan, 'home')
  mkdirSync(home)
  const site = replaced(deployed('caddy/Caddyfile'), [
    ['reverse_proxy 127.0.0.1:8507', `reverse_proxy 127.0.0.1:${upstreamPort}`],
    // No administration port, and no port 80 that sends browsers to HTTPS: other programs may have them.
    ['\tservers {', '\tadmin off\n\tauto_https disable_redirects\n\tservers {'],
    ['files.example.org {', `https://localhost:${port} {\n\tbind 127.0.0.1`],
    [
      '# tls /etc/ssl/plimsoll/fullchain.pem /etc/ssl/plimsoll/privkey.pem',
      `tls ${authority.certificateFile} ${authority.keyFile}`,
    ],
  ])
  writeFileSync(within(plan, 'Caddyfile'), edit(site))
  return {
    command: 'caddy',
    args: ['run', '--adapter', 'caddyfile', '--config', within(plan, 'Caddyfile')],
    env: { HOME: home, TMPDIR: plan.bufferDirectory },
  }
}
