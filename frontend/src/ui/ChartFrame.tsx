import { ActionIcon, Card, Group, ScrollArea, Table, Title, Tooltip, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconChart, IconTable } from './icons';

export type ChartTable = { head: string[]; rows: { key: string; cells: ReactNode[] }[] };

type Props = {
  title: string;
  /** What the picture says, in a sentence, for those who cannot see it. */
  description: string;
  table: ChartTable;
  children: ReactNode;
  footer?: ReactNode;
};

/** Every chart stands in one of these: it has a description, and a table that says the same. */
export function ChartFrame({ title, description, table, children, footer }: Props) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const toggle = asTable ? t('chart.showChart') : t('chart.showTable');
  return (
    <Card component="section" aria-labelledby={titleId} className="chart-frame">
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} size="h4" id={titleId}>
          {title}
        </Title>
        <Tooltip label={toggle}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`${title}: ${toggle}`}
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? <IconChart /> : <IconTable />}
          </ActionIcon>
        </Tooltip>
      </Group>
      <VisuallyHidden>
        <p>{description}</p>
      </VisuallyHidden>
      {asTable ? (
        <ScrollArea.Autosize mah={360} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': title, role: 'region' }}>
          <Table aria-label={title} highlightOnHover stickyHeader>
            <Table.Thead>
              <Table.Tr>
                {table.head.map((cell, column) => (
                  <Table.Th key={cell} className={column === 0 ? undefined : 'cell-number'}>
                    {cell}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {table.rows.map((row) => (
                <Table.Tr key={row.key}>
                  {row.cells.map((cell, column) => (
                    <Table.Td key={table.head[column]} className={column === 0 ? undefined : 'cell-number'}>
                      {cell}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      ) : (
        children
      )}
      {footer}
    </Card>
  );
}
