import { writeFileSync } from 'node:fs'
import { deployed, type Plan, type Program, replaced, within } from './plan.ts'

// Those that a2enmod in deploy/apache/plimsoll.conf names, and those that Debian enables by itself.
const MODULES = [
  'mpm_event',
  'alias',
  'authz_core',
  'dir',
  'env',
  'headers',
  'mime',
  'proxy',
  'proxy_http',
  'reqtimeout',
  'socache_shmcb',
  'ssl',
  'xsendfile',
] as const

export function apache(plan: Plan): Program {
  const { authority, port, plainPort, upstreamPort, folder, edit } = plan
  const site = replaced(deployed('apache/plimsoll.conf'), [
    ['http://127.0.0.1:8507/', `http://127.0.0.1:${upstreamPort}/`],
    ['files.example.org', 'localhost'],
    ['/etc/ssl/plimsoll/fullchain.pem', authority.certificateFile],
    ['/etc/ssl/plimsoll/privkey.pem', authority.keyFile],
    ['<VirtualHost *:80>', `<VirtualHost 127.0.0.1:${plainPort}>`],
    ['<VirtualHost *:443>', `<VirtualHost 127.0.0.1:${port}>`],
    ['/srv/plimsoll/files', folder],
  ])
  writeFileSync(within(plan, 'plimsoll.conf'), edit(site))
  writeFileSync(within(plan, 'apache2.conf'), mainConfiguration(plan))
  return {
    command: 'apache2',
    args: ['-d', plan.directory, '-f', within(plan, 'apache2.conf'), '-DFOREGROUND'],
    // Where the portable runtime makes its temporary files.
    env: { TMPDIR: plan.bufferDirectory },
    logFile: within(plan, 'error.log'),
  }
}

// What Debian's apache2.conf has around the files of sites-enabled, with paths of the test.
function mainConfiguration(plan: Plan): string {
  const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''
  const modules = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  return `${user}ServerName localhost
DefaultRuntimeDir ${plan.directory}
PidFile ${within(plan, 'apache2.pid')}
Mutex pthread
ErrorLog ${within(plan, 'error.log')}
LogLevel warn
Listen 127.0.0.1:${plan.port}
Listen 127.0.0.1:${plan.plainPort}
StartServers 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
${modules.join('\n')}
TypesConfig /etc/mime.types
<Directory />
  Require all denied
</Directory>
Include ${within(plan, 'plimsoll.conf')}
`
}
