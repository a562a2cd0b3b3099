import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type TableProps } from "@cloudscape-design/components/table";
import { type Connector, connectorsPage, isPrivate, nameOf, stateOf } from "../api/connectors";
import { endpointOf } from "../model/format";
import { formatRoute } from "../model/route";
import { Page } from "../parts/page";
import { PagedTable } from "../parts/paged-table";
import { State } from "../parts/state";
import { usePages } from "../parts/use-pages";
import { go } from "../parts/use-route";
import { useWords, type Words } from "../words";

/** The server, or what leads to it. */
function partnerOf(one: Connector): string {
  const { ResourceConfigurationArn, PortNumber } = one.EgressConfig?.VpcLattice ?? {};
  if (ResourceConfigurationArn) return `${ResourceConfigurationArn.replace(/^.*\//, "")}, ${PortNumber ?? 22}`;
  return endpointOf(one.Url ?? "") || "–";
}

function columnsOf({ t }: Words): TableProps.ColumnDefinition<Connector>[] {
  return [
    {
      id: "name",
      header: t("column.name"),
      isRowHeader: true,
      cell: (one) => <Link href={formatRoute(["connectors", one.ConnectorId])}>{nameOf(one)}</Link>,
    },
    { id: "state", header: t("column.state"), cell: (one) => <State of={stateOf(one)} /> },
    { id: "egress", header: t("connectors.egress"), cell: (one) => t(isPrivate(one) ? "egress.lattice" : "egress.managed") },
    { id: "partner", header: t("connectors.partner"), cell: partnerOf },
    { id: "waiting", header: t("connectors.waiting"), cell: (one) => one.live?.PendingFiles ?? "–" },
    { id: "id", header: t("column.id"), cell: (one) => one.ConnectorId },
  ];
}

/** What most people come for. */
export function Connectors() {
  const words = useWords();
  const { t } = words;
  const pages = usePages(connectorsPage, "connectors");
  const create = (
    <Button variant="primary" onClick={() => go(["connectors", "new"])} data-test="create">
      {t("connectors.create")}
    </Button>
  );
  return (
    <Page title={t("connectors.title")} about={t("connectors.about")} error={pages.loaded.error}>
      <PagedTable
        pages={pages}
        title={t("connectors.title")}
        trackBy="ConnectorId"
        columns={columnsOf(words)}
        empty={
          <Box textAlign="center" padding="m">
            <SpaceBetween size="s">
              <Box color="text-body-secondary">{t("connectors.none")}</Box>
              <Button onClick={() => go(["connectors", "new"])}>{t("connectors.create")}</Button>
            </SpaceBetween>
          </Box>
        }
        actions={create}
      />
    </Page>
  );
}
