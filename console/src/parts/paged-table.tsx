import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { type ReactNode } from "react";
import { useWords } from "../words";
import { type Pages } from "./use-pages";

interface PagedTableProps<Row> {
  pages: Pages<Row>;
  title: string;
  trackBy: keyof Row & string;
  columns: TableProps.ColumnDefinition<Row>[];
  empty: ReactNode;
  description?: ReactNode;
  /** Beside the button that looks again. */
  actions?: ReactNode;
}

/** A list that the server pages. */
export function PagedTable<Row>({ pages, title, trackBy, columns, empty, description, actions }: PagedTableProps<Row>) {
  const { t } = useWords();
  const { loaded } = pages;
  return (
    <Table
      items={loaded.value?.rows ?? []}
      trackBy={trackBy}
      columnDefinitions={columns}
      loading={loaded.loading && !loaded.value}
      loadingText={t("table.loading")}
      ariaLabels={{ tableLabel: title }}
      empty={empty}
      pagination={
        <Pagination
          currentPageIndex={pages.page}
          pagesCount={pages.count}
          openEnd={pages.isOpen}
          onChange={({ detail }) => pages.go(detail.currentPageIndex)}
        />
      }
      header={
        <Header
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel={t("action.reload")} loading={loaded.loading} onClick={loaded.reload} />
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
