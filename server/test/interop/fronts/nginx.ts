import { mkdirSync, writeFileSync } from 'node:fs'
import { deployed, type Plan, type Program, replaced, within } from './plan.ts'

const BUFFERS = ['proxy', 'fastcgi', 'uwsgi', 'scgi'] as const

export function nginx(plan: Plan): Program {
  const { authority, port, plainPort, upstreamPort, folder, edit } = plan
  for (const name of BUFFERS) mkdirSync(within(plan, name))
  const site = replaced(deployed('nginx/plimsoll.conf'), [
    ['server 127.0.0.1:8507;', `server 127.0.0.1:${upstreamPort};`],
    ['files.example.org', 'localhost'],
    ['/etc/ssl/plimsoll/fullchain.pem', authority.certificateFile],
    ['/etc/ssl/plimsoll/privkey.pem', authority.keyFile],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['    listen [::]:443 ssl;\n', ''],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['    listen [::]:80;\n', ''],
    ['/srv/plimsoll/files/', `${folder}/`],
  ])
  writeFileSync(within(plan, 'plimsoll.conf'), edit(site))
  writeFileSync(within(plan, 'nginx.conf'), mainConfiguration(plan))
  return {
    command: 'nginx',
    args: ['-p', plan.directory, '-c', within(plan, 'nginx.conf'), '-e', 'stderr'],
  }
}

// What Debian's nginx.conf has around the files of conf.d, with paths of the test.
function mainConfiguration(plan: Plan): string {
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const buffers = BUFFERS.map((name) => `  ${name}_temp_path ${within(plan, name)};`)
  return `${user}daemon off;
worker_processes 1;
pid ${within(plan, 'nginx.pid')};
error_log stderr info;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  sendfile on;
  access_log off;
  client_body_temp_path ${plan.bufferDirectory};
${buffers.join('\n')}
  include ${within(plan, 'plimsoll.conf')};
}
`
}
