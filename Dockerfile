# syntax=docker/dockerfile:1

# Both stages are of the same Debian, so that the programs find the C library that they were linked with.
FROM rust:1-slim-trixie AS builder
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bins \
    && install -D --target-directory=/installed target/release/netclaw target/release/netclawd

FROM debian:trixie-slim
# The certificates are for a container that is a client: `netclaw pair https://…`.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# The number is fixed, because folders of the host that are mounted as the home must belong to it. A new volume takes owner
# and mode from the folder made here: nobody else may enter the home.
RUN groupadd --gid 5199 netclaw \
    && useradd --uid 5199 --gid 5199 --no-create-home --home-dir /var/lib/netclaw --shell /usr/sbin/nologin netclaw \
    && install --directory --mode=0700 --owner=netclaw --group=netclaw /var/lib/netclaw
COPY --from=builder /installed/ /usr/local/bin/

USER 5199:5199
ENV NETCLAW_HOME=/var/lib/netclaw
VOLUME /var/lib/netclaw
EXPOSE 5199
STOPSIGNAL SIGTERM
# Asked over the control socket, which is there in every exposure mode.
HEALTHCHECK --interval=60s --timeout=10s --start-period=10s CMD ["netclaw", "daemon", "status"]
ENTRYPOINT ["netclawd"]
