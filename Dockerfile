# A gateway: docker build -t sylstream . && docker run --read-only --tmpfs /tmp -p 8990:8990 sylstream
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY packages packages
RUN npm ci --ignore-scripts --omit=optional --no-audit --no-fund
COPY . .
RUN npm run build && deploy/layout.sh . /app

FROM node:22-bookworm-slim
COPY --from=build /app /app
ENV NODE_ENV=production HOME=/tmp
# What the chart sets too: it listens beyond the machine, and TLS ends in front of it.
ENV SYLSTREAM_HOST=0.0.0.0 SYLSTREAM_INSECURE=true
USER 65532:65532
EXPOSE 8990
ENTRYPOINT ["node", "/app/node_modules/sylstream/bin/sylstream.js"]
CMD ["serve"]
