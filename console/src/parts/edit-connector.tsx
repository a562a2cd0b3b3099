import { aws } from "../api/aws";
import { type Connector, isPrivate, nameOf } from "../api/connectors";
import {
  configurationField,
  connectionsField,
  type Egress,
  keysField,
  policyField,
  portField,
  roleField,
  secretField,
  updateInput,
  urlField,
} from "../model/connector-fields";
import type { Field } from "../model/fields";
import { useWords } from "../words";
import { FormModal } from "./form-modal";
import { useNotices } from "./notices";

function fieldsOf(one: Connector): Field[] {
  const lattice = one.EgressConfig?.VpcLattice;
  const way = lattice
    ? [
        { ...configurationField, initial: lattice.ResourceConfigurationArn },
        { ...portField, initial: String(lattice.PortNumber ?? 22) },
      ]
    : [{ ...urlField, initial: one.Url }];
  return [
    ...way,
    { ...secretField, initial: one.SftpConfig?.UserSecretId },
    { ...roleField, initial: one.AccessRole },
    { ...keysField, initial: (one.SftpConfig?.TrustedHostKeys ?? []).join("\n") },
    { ...policyField, initial: one.SecurityPolicyName },
    { ...connectionsField, initial: String(one.SftpConfig?.MaxConcurrentConnections ?? "") },
  ];
}

export function EditConnector({ one, onChanged, onClose }: { one: Connector; onChanged(): void; onClose(): void }) {
  const { t } = useWords();
  const notices = useNotices();
  const way: Egress = isPrivate(one) ? "lattice" : "managed";
  return (
    <FormModal
      title={`${t("action.edit")}: ${nameOf(one)}`}
      fields={fieldsOf(one)}
      submitLabel={t("action.save")}
      onClose={onClose}
      onSubmit={async (values) => {
        await aws("transfer", "UpdateConnector", { ConnectorId: one.ConnectorId, ...updateInput(way, values) });
        notices.tell(t("notice.done"));
        onChanged();
      }}
    />
  );
}
