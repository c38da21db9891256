FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/run.txt /build/run.txt
RUN python -m venv /venv && /venv/bin/pip install --quiet --require-hashes -r /build/run.txt

FROM python:3.13-slim
# Joins Arabic letters and turns lines round, in the pictures for sharing
RUN apt-get update && apt-get install --yes --no-install-recommends libfribidi0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin crowdspeak \
    && mkdir -p /app /data /keys && chown crowdspeak /data /keys
COPY --from=build /venv /venv
COPY --chown=root:root . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/data PORT=8000
USER crowdspeak
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--backlog", "4096", "--backpressure", "4096", "--no-access-log", "crowdspeak.wsgi:application"]
