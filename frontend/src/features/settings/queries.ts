import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { auth } from '@/api/auth';
import { client, unwrap } from '@/api/client';

const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/api/v1/sessions', { signal }))).data,
});

const classifierQuery = queryOptions({
  queryKey: ['classifier'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/classifier', { signal })),
});

export const useSessions = () => useQuery(sessionsQuery);
export const useClassifier = () => useQuery(classifierQuery);

export function useEndSession() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
}

export function useEndOtherSessions() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(client.DELETE('/api/v1/sessions')),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
}

export function useChangePassword() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { current_password: string; new_password: string }) =>
      unwrap(client.POST('/api/v1/me/password', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
    retry: false,
  });
}

export function useDeleteMe() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (password: string | undefined) =>
      unwrap(client.DELETE('/api/v1/me', { body: password ? { password } : {} })),
    onSuccess: () => {
      auth.signedOut();
      queries.clear();
    },
    retry: false,
  });
}

export function useRetrain() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/classifier/retrain')),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['classifier'] }),
    retry: false,
  });
}

export function useRollBack() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (number: number) => unwrap(client.POST('/api/v1/classifier/roll-back', { body: { number } })),
    onSuccess: (facts) => {
      queries.setQueryData(classifierQuery.queryKey, facts);
      queries.removeQueries({ queryKey: ['suggestion'], type: 'inactive' });
    },
    retry: false,
  });
}

export const mostCorrections = 500;

const correctionsQuery = queryOptions({
  queryKey: ['classifier', 'corrections'],
  queryFn: async ({ signal }) => {
    const query = { limit: mostCorrections };
    return (await unwrap(client.GET('/api/v1/classifier/corrections', { params: { query }, signal }))).data;
  },
});

export const useCorrections = () => useQuery(correctionsQuery);

export function useForget() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (merchant: string) =>
      unwrap(client.DELETE('/api/v1/classifier/corrections', { params: { query: { merchant } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['classifier'] }),
  });
}
