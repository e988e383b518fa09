/**
 * Starts the server that the tests talk to, unless FINBRAIN_URL names one. The address travels to the tests in the same
 * variable.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const startMs = 60_000;

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP port has an address');
      probe.close(() => done(address.port));
    });
  });
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let said = '';
    const timer = setTimeout(() => failed(new Error(`the server was not ready in ${startMs} ms:\n${said}`)), startMs);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('finbrain is ready')) {
        clearTimeout(timer);
        done();
      }
    };
    server.stdout?.on('data', hear);
    server.stderr?.on('data', hear);
    server.once('error', failed);
    server.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
  });
}

export default async function start() {
  if (process.env.FINBRAIN_URL) return undefined;
  const binary = resolve(process.env.FINBRAIN_BIN ?? '../target/debug/finbrain');
  if (!existsSync(binary)) throw new Error(`no server at ${binary}: build it, or set FINBRAIN_BIN or FINBRAIN_URL`);
  const [port, opsPort] = [await freePort(), await freePort()];
  const data = mkdtempSync(join(tmpdir(), 'finbrain-e2e-'));
  const listen = `127.0.0.1:${port}`;
  const server = spawn(binary, ['--listen', listen, '--ops-listen', `127.0.0.1:${opsPort}`, '--data-dir', data], {
    env: { ...process.env, FINBRAIN_RATES_URL: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await ready(server);
  process.env.FINBRAIN_URL = `http://${listen}`;

  return async () => {
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    const timer = setTimeout(() => server.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
    rmSync(data, { recursive: true, force: true });
  };
}
