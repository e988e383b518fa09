/** `npm run mock`: the built pages with the server's headers, over a book in memory. For looking at them without a server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { defineConfig, type Plugin } from 'vite';
import { Mock } from './mock/routes';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

async function asRequest(incoming: IncomingMessage): Promise<Request> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) if (value) headers.set(name, String(value));
  const body = method === 'GET' || method === 'HEAD' || parts.length === 0 ? undefined : Buffer.concat(parts);
  return new Request(`http://${incoming.headers.host}${incoming.url}`, { method, headers, body });
}

async function send(answer: Response, outgoing: ServerResponse) {
  outgoing.statusCode = answer.status;
  answer.headers.forEach((value, name) => outgoing.setHeader(name, value));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
}

function stream(mock: Mock, request: Request, outgoing: ServerResponse) {
  const book = mock.bookOf(request);
  if (!book) {
    outgoing.statusCode = 401;
    outgoing.end();
    return;
  }
  outgoing.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  outgoing.write(': hello\n\n');
  const write = (slot: (typeof book.slots)[number]) =>
    outgoing.write(`event: change\nid: ${slot.version}\ndata: ${JSON.stringify(slot)}\n\n`);
  const since = Number(new URL(request.url).searchParams.get('since') ?? book.version);
  for (const slot of book.slots) if (slot.version > since) write(slot);
  book.listeners.add(write);
  outgoing.on('close', () => book.listeners.delete(write));
}

function mockApi(): Plugin {
  const mock = new Mock();
  return {
    name: 'finbrain-mock',
    configurePreviewServer(server) {
      server.middlewares.use((incoming, outgoing, next) => {
        outgoing.setHeader('Content-Security-Policy', policy);
        if (!incoming.url?.startsWith('/api/')) return next();
        asRequest(incoming)
          .then(async (request) => {
            mock.current = null;
            if (incoming.url?.startsWith('/api/v1/events')) stream(mock, request, outgoing);
            else await send(await mock.handle(request), outgoing);
          })
          .catch(next);
      });
    },
  };
}

export default defineConfig({ plugins: [mockApi()], preview: { host: '127.0.0.1', port: 4173, strictPort: true } });
