//! Clients that public generators make of the document, and what is written on them: it works as it reads.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use dockledger::model::ContainerId;
use dockledger::simulation::{Health, NewContainer};
use dockledger::store::NewParent;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::guard::{Tokens, bearer, guarded};
use crate::support::clients::{PythonClient, run, typescript_program};
use crate::support::http::Served;
use crate::whole::ledger::Case;

const BOUND: Duration = Duration::from_secs(20);

/// The project `web` with a stage `live`, and nothing that runs.
fn case_with_a_project() -> Case {
    let case = Case::new();
    let web = NewParent { workload_id: Some("w-web".into()), ..NewParent::named("web") };
    case.store().add_project(&web).expect("fresh");
    case.store().add_stage("web", "live", None, None).expect("fresh");
    case
}

fn container(name: &str, port: u16) -> NewContainer {
    NewContainer::new(name, "web:1").label("tinyforge.workload.id", "w-web").publish(port, 80)
}

fn start(case: &Case, new: NewContainer) -> ContainerId {
    case.daemon.with(|world| world.run(new)).expect("a fresh name")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_client_for_python_lists_claims_and_reads_the_history() {
    let mut case = case_with_a_project();
    let id = start(&case, container("web-1", 8080));
    let (served, tokens) = guarded(&mut case).await;
    let made = PythonClient::generate(&served, &tokens.deploy, case.directory.path(), module_path!()).await;
    if let Some(client) = made {
        let document =
            served.get_with("/api/v1/openapi.json", &[("authorization", &bearer(&tokens.deploy))]).await.json(200);
        let made_up = client.models().into_iter().filter(|model| document["components"]["schemas"][model].is_null());
        assert_eq!(made_up.collect::<Vec<_>>(), [""; 0], "a model without a name of ours gets one that reads badly");
        let mut program = client.program("tests/clients/ledger.py");
        program.arg(format!("http://{}", served.address)).args(["web", id.as_str()]);
        program.env("DOCKLEDGER_TOKEN", &tokens.deploy);
        let told: Value = serde_json::from_str(&run(program).await).expect("JSON");
        let row = &case.rows()[0].id;
        let location = format!("/api/v1/containers/local/{row}");
        assert_eq!(told["made"], json!([201, location, row, []]));
        assert_eq!(told["rows"], json!([["web-1", "running", "www", 8080, [80, 80]]]));
        let changes = told["changes"].as_array().expect("a list");
        assert!(changes.contains(&json!(["observed", "web-1", "running"])), "{told}");
        assert_eq!(told["refused"], "unauthorized");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_generated_for_typescript_let_right_calls_compile_and_wrong_ones_not() {
    let mut case = case_with_a_project();
    let id = start(&case, container("web-1", 8080));
    let (served, tokens) = guarded(&mut case).await;
    let program = ("tests/clients/ledger.ts", module_path!());
    let made = typescript_program(&served, &tokens.deploy, case.directory.path(), program).await;
    if let Some(mut program) = made {
        program.arg(format!("http://{}", served.address)).args(["web", id.as_str()]);
        program.env("DOCKLEDGER_TOKEN", &tokens.deploy);
        let told: Value = serde_json::from_str(&run(program).await).expect("JSON");
        assert_eq!(told["rows"], json!([["web-1", "running", 8080, [80, 80]]]));
        assert_eq!((&told["warnings"], &told["all"]), (&json!([]), &json!(true)));
        assert!(told["changes"].as_array().is_some_and(|states| states.contains(&"running".into())), "{told}");
    }
    served.ledger.stop().await;
}

/// The example, and each map of routes that it wrote. It ends when this is dropped.
struct BlueGreen {
    process: Child,
    written: mpsc::UnboundedReceiver<Value>,
}

impl BlueGreen {
    /// For the subdomain `www` of the project's stage `live`.
    fn start(client: &PythonClient, served: &Served, tokens: &Tokens, case: &Case) -> Self {
        let mut program = client.program("examples/blue_green.py");
        program.arg(format!("http://{}", served.address)).args(["web", "live", "www"]).arg(case.path("routes.json"));
        program.env("DOCKLEDGER_TOKEN", &tokens.deploy).stdout(Stdio::piped());
        let mut process = program.spawn().expect("it starts");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let (told, written) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = told.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Self { process, written }
    }

    /// Waits until it wrote a map with these routes; each before it has to satisfy `is_right`.
    async fn until(&mut self, expected: &Value, is_right: impl Fn(&Value) -> bool) {
        let mut last = Value::Null;
        while last != *expected {
            let next = tokio::time::timeout(BOUND, self.written.recv()).await;
            last = next.unwrap_or_else(|_| panic!("no {expected} after {last}")).expect("it lives");
            assert!(is_right(&last), "{last}");
        }
    }
}

impl Drop for BlueGreen {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The routes of the ledger, as the file has them.
async fn routes(served: &Served, tokens: &Tokens) -> Value {
    let page = served.get_with("/api/v1/routes", &[("authorization", &bearer(&tokens.read))]).await.json(200);
    let routes = page["items"].as_array().expect("a list").iter();
    let up = routes.filter(|route| route["state"] == "running");
    up.map(|route| (route["subdomain"].as_str().expect("a text").to_owned(), route["port"].clone())).collect()
}

async fn claim(served: &Served, claim: Value) {
    let answer = served.send("POST", "/api/v1/projects/web/claims", &claim).await;
    assert!(answer.status.is_success(), "{answer:?}");
}

/// A redeploy of the stage, by a container with a check beside the one that serves. Each tenth stands beside one that crashes, and
/// while it starts a row of the same project is bound to another container in its place.
async fn redeploy(n: u16, case: &Case, served: &Served, deployer: &mut BlueGreen) {
    let start_claimed = async |row: &str, new: NewContainer| {
        let id = start(case, new);
        claim(served, json!({ "stage": "live", "id": row, "container_id": id })).await;
    };
    let (name, before) = (format!("web-{n}"), format!("web-{}", n - 1));
    let (port, old, api) = (20_000 + n, 20_000 + n - 1, n / 10);
    start_claimed(&name, container(&name, port).health_check()).await;
    if n.is_multiple_of(10) {
        start_claimed("broken", container("broken", 30_000).health_check()).await;
        case.daemon.with(|world| world.crash("broken", 1)).expect("it runs");
        let next = start(case, container(&format!("api-{api}"), 10_000 + api));
        claim(served, json!({ "id": "api", "container_id": next })).await;
        deployer.until(&json!({ "www": old, "api": 10_000 + api }), |routes| routes["www"] == old).await;
        case.daemon.with(|world| world.remove(&format!("api-{}", api - 1), true)).expect("it is there");
    }
    case.daemon.with(|world| world.set_health(&name, Health::Healthy)).expect("it runs");
    let serves = |routes: &Value| n == 1 || routes["www"] == old || routes["www"] == port;
    deployer.until(&json!({ "www": port, "api": 10_000 + api }), serves).await;
    let gone = [(n > 1).then_some(&*before), (n.is_multiple_of(10)).then_some("broken")];
    for name in gone.into_iter().flatten() {
        case.daemon.with(|world| world.remove(name, true)).expect("it is there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blue_green_deployer_on_the_stream_alone_keeps_routes_right_through_a_hundred_redeploys() {
    let mut case = case_with_a_project();
    let (served, tokens) = guarded(&mut case).await;
    let made = PythonClient::generate(&served, &tokens.deploy, case.directory.path(), module_path!()).await;
    if let Some(client) = made {
        let first = start(&case, container("api-0", 10_000));
        claim(&served, json!({ "id": "api", "container_id": first, "subdomain": "api" })).await;
        let mut deployer = BlueGreen::start(&client, &served, &tokens, &case);
        deployer.until(&json!({ "api": 10_000 }), |_| true).await;
        for n in 1..=100 {
            redeploy(n, &case, &served, &mut deployer).await;
            if n % 10 == 0 {
                let file = std::fs::read_to_string(case.path("routes.json")).expect("written");
                let file: Value = serde_json::from_str(&file).expect("JSON");
                assert_eq!((&file["www"], file["api"].clone()), (&json!(20_000 + n), json!(10_000 + n / 10)));
                assert_eq!(routes(&served, &tokens).await, file);
            }
        }
        // What it had to do before it looked once more is done.
        claim(&served, json!({ "id": "api", "subdomain": "data" })).await;
        deployer.until(&json!({ "www": 20_100, "data": 10_010 }), |routes| routes["www"] == 20_100).await;
        let rows: Vec<String> = case.rows().iter().map(|row| row.id.to_string()).collect();
        assert_eq!(rows, ["api", "broken", "web-100"], "rows of containers that served are released");
    }
    served.ledger.stop().await;
}
