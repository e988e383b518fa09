import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { setupServer } from 'msw/node';
import { http } from 'msw';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { auth } from '@/api/auth';
import { ledgerVersion } from '@/api/version';
import { changeLanguage } from '@/lib/i18n';
import { Mock } from '../../mock/routes';

/** The server of the test that runs; a fresh one for each. */
export const server: { mock: Mock } = { mock: new Mock() };

const network = setupServer(http.all('*/api/v1/*', ({ request }) => server.mock.handle(request)));

// What jsdom lacks and the components ask for.
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
const matchMedia = (query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addListener: () => undefined,
  removeListener: () => undefined,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  dispatchEvent: () => false,
});
Object.assign(window, { ResizeObserver: Observer, matchMedia, scrollTo: () => undefined });
Element.prototype.scrollIntoView = () => undefined;
if (!document.fonts) {
  Object.defineProperty(document, 'fonts', { value: new EventTarget() });
}

beforeAll(() => network.listen({ onUnhandledRequest: 'error' }));
beforeEach(async () => {
  server.mock = new Mock();
  auth.reset();
  ledgerVersion.reset();
  window.history.replaceState(null, '', '/');
  await changeLanguage('en');
});
afterEach(() => {
  cleanup();
  network.resetHandlers();
});
afterAll(() => network.close());
