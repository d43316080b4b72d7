# One SyncNet server. Its secret, its place in the cluster and its history come from outside: see
# docker-compose.yml.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the Node that one of them would fetch is here already.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY lib lib
COPY daemon daemon
COPY tui tui
RUN node scripts/build.ts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist dist
# Volumes mounted here start with these owners.
RUN mkdir /data /secret && chown node:node /data /secret
USER node
ENV SYNCNET_DATA=/data
VOLUME /data
EXPOSE 8000 8010 8020/udp 8030
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SYNCNET_HTTP_PORT || 8030}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# It becomes Node at once: SIGTERM reaches that, and it hands over before it leaves.
ENTRYPOINT ["/app/dist/daemon/main.js"]
