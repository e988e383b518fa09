import { queryOptions, useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { client, unwrap } from '../client';
import { computed } from '../history/queries';
import type { Me, MePatch } from '../types';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/me', { signal })),
  staleTime: 300_000,
});

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/session', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Only inside the signed-in shell, which has loaded it before anything else is shown. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

export function useSession() {
  return useQuery(sessionQuery);
}

export function usePatchMe() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: MePatch) => unwrap(client.PATCH('/api/v1/me', { body })),
    onSuccess: (me) => {
      queries.setQueryData(meQuery.queryKey, me);
      for (const key of computed) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
}
