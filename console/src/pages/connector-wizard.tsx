/** Making a connector, in four steps. Its partner's key is learnt by the test that follows. */

import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import Wizard from "@cloudscape-design/components/wizard";
import { type ReactNode, useState } from "react";
import { loginText } from "../api/access";
import { aws } from "../api/aws";
import { untilReady } from "../api/until-ready";
import { awsCommand } from "../model/commands";
import {
  configurationField,
  connectionsField,
  createInput,
  type Egress,
  keysField,
  nameField,
  policyField,
  portField,
  roleField,
  secretField,
  urlField,
} from "../model/connector-fields";
import { type Field, given, missingFields, type Values } from "../model/fields";
import { loginFields } from "../model/login-fields";
import { Command } from "../parts/copy-commands";
import { FieldInput } from "../parts/field-input";
import { Page } from "../parts/page";
import { go } from "../parts/use-route";
import { useWords } from "../words";

type SecretWay = "known" | "new";

const secretNameField: Field = { name: "secretName", label: "wizard.secretName", kind: "text", placeholder: "aws/transfer/partner" };
const FIRST: Values = { port: "22" };

interface Choices {
  way: Egress;
  secretWay: SecretWay;
}

/** The questions of each step, as what was chosen makes them. The last one asks nothing. */
function stepsOf({ way, secretWay }: Choices): Field[][] {
  return [
    way === "lattice" ? [nameField, configurationField, portField] : [nameField, urlField],
    [...(secretWay === "known" ? [secretField] : [secretNameField, ...loginFields]), roleField],
    [keysField, policyField, connectionsField],
    [],
  ];
}

async function keepSecret(values: Values): Promise<string> {
  const SecretString = loginText({ user: values.user?.trim() ?? "", password: values.password, privateKey: values.privateKey });
  return (await aws("secrets", "CreateSecret", { Name: given(values.secretName), SecretString })).ARN ?? "";
}

async function make(way: Egress, values: Values): Promise<string> {
  const { ConnectorId = "" } = await aws("transfer", "CreateConnector", createInput(way, values));
  await untilReady(ConnectorId);
  return ConnectorId;
}

interface QuestionsProps {
  fields: Field[];
  values: Values;
  complain: boolean;
  onChange(name: string, value: string): void;
  /** What is asked before them. */
  children?: ReactNode;
}

function Questions({ fields, values, complain, onChange, children }: QuestionsProps) {
  return (
    <Container>
      <SpaceBetween size="l">
        {children}
        {fields.map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            onChange={(value) => onChange(field.name, value)}
            complain={complain && missingFields([field], values).length > 0}
          />
        ))}
      </SpaceBetween>
    </Container>
  );
}

/** All that was said, but for what nobody should read over a shoulder; and the call that will be made. */
function Review({ steps, values, choices }: { steps: Field[][]; values: Values; choices: Choices }) {
  const { t } = useWords();
  const shown = steps.flat().filter((field) => field.kind !== "password" && field.name !== "privateKey");
  const input = createInput(choices.way, choices.secretWay === "new" ? { ...values, secret: values.secretName ?? "" } : values);
  return (
    <Container>
      <SpaceBetween size="l">
        <KeyValuePairs columns={3} items={shown.map((field) => ({ label: t(field.label), value: values[field.name] || "–" }))} />
        <Box variant="awsui-key-label">{t("copy.button")}</Box>
        <Command text={awsCommand("transfer", "CreateConnector", input)} />
      </SpaceBetween>
    </Container>
  );
}

function WayTiles({ choices, onChoose }: { choices: Choices; onChoose(next: Choices): void }) {
  const { t } = useWords();
  return (
    <Tiles
      value={choices.way}
      ariaLabel={t("connectors.egress")}
      onChange={({ detail }) => onChoose({ ...choices, way: detail.value as Egress })}
      items={[
        { value: "lattice", label: t("egress.lattice"), description: t("egress.latticeAbout") },
        { value: "managed", label: t("egress.managed"), description: t("egress.managedAbout") },
      ]}
    />
  );
}

function SecretTiles({ choices, onChoose }: { choices: Choices; onChoose(next: Choices): void }) {
  const { t } = useWords();
  return (
    <Tiles
      value={choices.secretWay}
      ariaLabel={t("connector.secret")}
      onChange={({ detail }) => onChoose({ ...choices, secretWay: detail.value as SecretWay })}
      items={[
        { value: "known", label: t("wizard.secretKnown") },
        { value: "new", label: t("wizard.secretNew"), description: t("wizard.secretNewAbout") },
      ]}
    />
  );
}

export function ConnectorWizard() {
  const { t } = useWords();
  const [step, setStep] = useState(0);
  const [choices, setChoices] = useState<Choices>({ way: "lattice", secretWay: "known" });
  const [values, setValues] = useState<Values>(FIRST);
  const [complain, setComplain] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const steps = stepsOf(choices);

  const move = (wanted: number) => {
    const missing = steps.slice(0, wanted).findIndex((fields) => missingFields(fields, values).length > 0);
    setComplain(missing >= 0);
    setStep(missing >= 0 ? missing : wanted);
  };
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      let complete = values;
      if (choices.secretWay === "new") {
        complete = { ...values, secret: await keepSecret(values) };
        setValues(complete); // whoever is refused below has a secret now
        setChoices({ ...choices, secretWay: "known" });
      }
      go(["connectors", await make(choices.way, complete)], { test: "now" });
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  const questions = (at: number, tiles?: ReactNode) => (
    <Questions
      fields={steps[at] ?? []}
      values={values}
      complain={complain}
      onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))}
    >
      {tiles}
    </Questions>
  );
  return (
    <Page title={t("connectors.create")} error={error}>
      <Wizard
        activeStepIndex={step}
        isLoadingNextStep={busy}
        onNavigate={({ detail }) => move(detail.requestedStepIndex)}
        onCancel={() => go(["connectors"])}
        onSubmit={() => void submit()}
        submitButtonText={t("connectors.create")}
        steps={[
          { title: t("wizard.way"), description: t("wizard.wayAbout"), content: questions(0, <WayTiles choices={choices} onChoose={setChoices} />) },
          { title: t("wizard.login"), description: t("wizard.loginAbout"), content: questions(1, <SecretTiles choices={choices} onChoose={setChoices} />) },
          { title: t("wizard.trust"), description: t("wizard.trustAbout"), content: questions(2) },
          {
            title: t("wizard.review"),
            description: t("wizard.reviewAbout"),
            content: <Review steps={steps} values={values} choices={choices} />,
          },
        ]}
      />
    </Page>
  );
}
