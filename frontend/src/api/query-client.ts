import { QueryClient } from '@tanstack/react-query';
import { isProblem } from './problem';

/** A failed connection and a busy server are worth another try; a refusal is not. */
function worthRetrying(failures: number, error: unknown): boolean {
  return failures < 2 && isProblem(error) && (error.status === 0 || error.status === 503);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 30_000, retry: worthRetrying, refetchOnWindowFocus: true, networkMode: 'always' },
      mutations: { retry: worthRetrying, retryDelay: (attempt) => 400 * 2 ** attempt, networkMode: 'always' },
    },
  });
}
