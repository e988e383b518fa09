import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../client';
import { computed } from '../history/queries';
import { type Keyed, keyHeader } from '../idempotency';
import type { Category, CategoryPatch, NewCategory } from '../types';

export const categoriesQuery = queryOptions({
  queryKey: ['categories'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/api/v1/categories', { signal }))).data,
});

const none: Category[] = [];

export function useCategories(): Category[] {
  return useQuery(categoriesQuery).data ?? none;
}

function useInvalidateBook() {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      [...computed, 'categories'].map((key) => queries.invalidateQueries({ queryKey: [key] })),
    );
}

export function useCreateCategory() {
  const invalidate = useInvalidateBook();
  return useMutation({
    mutationFn: ({ body, ...key }: Keyed<{ body: NewCategory }>) =>
      unwrap(client.POST('/api/v1/categories', { body, headers: keyHeader(key) })),
    onSuccess: invalidate,
  });
}

export function usePatchCategory() {
  const invalidate = useInvalidateBook();
  return useMutation({
    mutationFn: ({ id, body, ...key }: Keyed<{ id: string; body: CategoryPatch }>) =>
      unwrap(client.PATCH('/api/v1/categories/{id}', { params: { path: { id } }, body, headers: keyHeader(key) })),
    onSuccess: invalidate,
  });
}

export function useDeleteCategory() {
  const invalidate = useInvalidateBook();
  return useMutation({
    mutationFn: ({ id, moveTo, ...key }: Keyed<{ id: string; moveTo?: string }>) =>
      unwrap(
        client.DELETE('/api/v1/categories/{id}', {
          params: { path: { id }, query: { move_to: moveTo } },
          headers: keyHeader(key),
        }),
      ),
    onSuccess: invalidate,
  });
}
