import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type Connector, isPrivate, stateOf } from "../api/connectors";
import { formatRoute } from "../model/route";
import { useWords } from "../words";
import { State } from "./state";
import { Time } from "./time";

/** All that was said when it was made, and how it stands. */
export function ConnectorFacts({ one }: { one: Connector }) {
  const { t } = useWords();
  const lattice = one.EgressConfig?.VpcLattice;
  const facts = [
    { label: t("column.state"), value: <State of={stateOf(one)} /> },
    { label: t("connectors.egress"), value: t(isPrivate(one) ? "egress.lattice" : "egress.managed") },
    { label: t("connectors.partner"), value: one.Url ?? "–" },
    { label: t("connector.configuration"), value: lattice?.ResourceConfigurationArn ?? "–" },
    { label: t("connector.port"), value: lattice?.PortNumber ?? "–" },
    { label: t("connector.secret"), value: one.SftpConfig?.UserSecretId ?? "–" },
    { label: t("connector.role"), value: one.AccessRole ?? "–" },
    { label: t("connector.policy"), value: one.SecurityPolicyName ?? "–" },
    { label: t("connector.connections"), value: one.SftpConfig?.MaxConcurrentConnections ?? "–" },
    { label: t("connector.keys"), value: (one.SftpConfig?.TrustedHostKeys ?? []).join("\n") || t("connector.noKeys") },
    { label: t("connectors.waiting"), value: one.live?.PendingFiles ?? "–" },
    {
      label: t("transfers.title"),
      value: <Link href={formatRoute(["transfers"], { ConnectorId: one.ConnectorId })}>{t("connector.transfers")}</Link>,
    },
  ];
  const away = one.live?.Breaker;
  return (
    <SpaceBetween size="l">
      {one.ErrorMessage ? <Alert type="error">{one.ErrorMessage}</Alert> : null}
      {away && away.State !== "CLOSED" ? (
        <Alert type="warning" header={t("state.away")}>
          {away.Reason} – {t("connector.nextProbe")} <Time of={away.NextProbe} />
        </Alert>
      ) : null}
      <Container header={<Header variant="h2">{t("connector.facts")}</Header>}>
        <KeyValuePairs columns={3} items={facts} />
      </Container>
    </SpaceBetween>
  );
}
