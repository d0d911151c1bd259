# Plimsoll in a container: `docker build -t plimsoll .`, then see docs/deploy.md.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY server ./server
RUN npm ci --ignore-scripts && npm run build && npm prune --ignore-scripts --omit=dev --omit=optional

FROM node:24-bookworm-slim
WORKDIR /opt/plimsoll
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/server/package.json ./server/package.json
COPY --from=build /build/server/bin ./server/bin
COPY --from=build /build/server/dist ./server/dist
RUN install -d -o node -g node -m 0750 /srv/files /var/lib/plimsoll
# The user `node` of the image, 1000:1000. Nothing below /opt/plimsoll is its own.
USER node
ENV NODE_ENV=production \
    PLIMSOLL_FOLDER=/srv/files \
    PLIMSOLL_STATE=/var/lib/plimsoll \
    PLIMSOLL_HOST=0.0.0.0 \
    PLIMSOLL_PORT=8507 \
    PLIMSOLL_LOG_FORMAT=json
VOLUME ["/srv/files", "/var/lib/plimsoll"]
EXPOSE 8507
# Whoever answers lives, also with a 401. A start may have a large folder to count.
HEALTHCHECK --start-period=5m --timeout=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PLIMSOLL_PORT}/`).then(({ status }) => process.exit(status < 500 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/plimsoll/server/bin/plimsoll.js"]
CMD ["serve"]
