/** A table of rows that are all here: filtered, sorted and paged in the browser. */

import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactNode } from "react";
import { useWords, type Word } from "../words";

export interface Column<Row> {
  header: Word;
  /** What is filtered and sorted by, and shown where there is no cell(). */
  text(row: Row): string | undefined;
  cell?(row: Row): ReactNode;
}

interface RowsProps<Row> {
  title: string;
  rows: Row[] | undefined;
  columns: Column<Row>[];
  nameOf(row: Row): string;
  loading: boolean;
  onReload?(): void;
  actions?: ReactNode;
  selected?: Row | undefined;
  onSelect?(row: Row | undefined): void;
}

export const PAGE_ROWS = 25;

const byNumbersAndLetters = new Intl.Collator(undefined, { numeric: true });

function useRows<Row>({ rows = [], columns, nameOf }: RowsProps<Row>) {
  return useCollection(rows, {
    filtering: {
      filteringFunction: (row, text) => columns.some((column) => (column.text(row) ?? "").toLowerCase().includes(text.toLowerCase())),
    },
    pagination: { pageSize: PAGE_ROWS },
    sorting: {},
    selection: { trackBy: nameOf },
  });
}

export function Rows<Row>(props: RowsProps<Row>) {
  const { title, rows, columns, nameOf, loading, onReload, actions, selected, onSelect } = props;
  const { t } = useWords();
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount } = useRows(props);
  const chosen = selected && rows?.find((row) => nameOf(row) === nameOf(selected));
  const nothing = (
    <Box textAlign="center" color="text-body-secondary" padding="m">
      {t("table.empty")}
    </Box>
  );
  const definitions = columns.map((column, index) => ({
    id: column.header,
    header: t(column.header),
    cell: (row: Row) => column.cell?.(row) ?? column.text(row) ?? "–",
    sortingComparator: (one: Row, other: Row) => byNumbersAndLetters.compare(column.text(one) ?? "", column.text(other) ?? ""),
    isRowHeader: index === 0,
  }));
  return (
    <Table
      {...collectionProps}
      items={items}
      columnDefinitions={definitions}
      trackBy={nameOf}
      loading={loading && rows === undefined}
      loadingText={t("table.loading")}
      empty={nothing}
      variant="container"
      selectionType={onSelect ? "single" : undefined}
      selectedItems={chosen ? [chosen] : []}
      onSelectionChange={({ detail }) => onSelect?.(detail.selectedItems[0])}
      ariaLabels={{ tableLabel: title, selectionGroupLabel: t("table.selection"), itemSelectionLabel: (_data, row) => nameOf(row) }}
      filter={
        <TextFilter
          {...filterProps}
          filteringPlaceholder={t("table.find")}
          filteringAriaLabel={t("table.find")}
          countText={t("table.matches", { count: filteredItemsCount ?? 0 })}
        />
      }
      pagination={<Pagination {...paginationProps} />}
      header={
        <Header
          counter={rows ? `(${rows.length})` : ""}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {onReload ? <Button iconName="refresh" ariaLabel={t("action.reload")} onClick={onReload} loading={loading} /> : null}
              {actions}
            </SpaceBetween>
          }
        >
          {title}
        </Header>
      }
    />
  );
}
