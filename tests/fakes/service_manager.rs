//! A service manager that keeps one service in memory.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::adapters::terminal::commands::host::ServicePorts;
use netclaw::ports::service_manager::{Change, Installed, Scope, ServiceError, ServiceManager, ServiceRequest};

/// The service of one home. Everything fails with `error` when it is set.
#[derive(Debug)]
pub struct FakeServiceManager {
    pub usual_scope: Scope,
    pub error: Option<ServiceError>,
    /// Whether it tries to start a daemon that fails.
    pub is_trying: bool,
    pub service: Mutex<Option<Service>>,
    /// What was asked for, in order.
    pub asked: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Service {
    scope: Scope,
    definition: String,
    pid: Option<u32>,
}

const PID: u32 = 4712;

impl Default for FakeServiceManager {
    fn default() -> Self {
        Self {
            usual_scope: Scope::User,
            error: None,
            is_trying: false,
            service: Mutex::default(),
            asked: Mutex::default(),
        }
    }
}

impl FakeServiceManager {
    /// With a service that `pid` is the process of, if it runs.
    pub fn with_service(scope: Scope, pid: Option<u32>) -> Self {
        let request = ServiceRequest { scope, run_as: None };
        let service = Service { scope, definition: definition(&request), pid };
        Self { service: Mutex::new(Some(service)), ..Self::default() }
    }

    pub fn failing(error: ServiceError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// As the commands get it, from an environment without variables.
    pub fn ports(&self) -> ServicePorts<'_> {
        ServicePorts { manager: self, home: Path::new("/the/home"), variables: &[] }
    }

    fn ask(&self, what: String) -> Result<(), ServiceError> {
        self.asked.lock().unwrap().push(what);
        self.error.clone().map_or(Ok(()), Err)
    }
}

fn definition(request: &ServiceRequest) -> String {
    format!("service of {:?} as {:?}\n", request.scope, request.run_as)
}

fn file(scope: Scope) -> PathBuf {
    format!("/units/{scope:?}/netclaw.service").into()
}

#[async_trait]
impl ServiceManager for FakeServiceManager {
    fn usual_scope(&self) -> Scope {
        self.usual_scope
    }

    fn installed(&self) -> Option<Scope> {
        self.service.lock().unwrap().as_ref().map(|service| service.scope)
    }

    fn check_permission(&self, _scope: Scope) -> Result<(), ServiceError> {
        self.error.clone().filter(|error| *error == ServiceError::NotRoot).map_or(Ok(()), Err)
    }

    async fn definition(&self, request: &ServiceRequest) -> Result<String, ServiceError> {
        self.ask("definition".to_owned())?;
        Ok(definition(request))
    }

    async fn running(&self, scope: Scope) -> Result<Option<u32>, ServiceError> {
        self.ask(format!("running {scope:?}"))?;
        Ok(self.service.lock().unwrap().as_ref().filter(|service| service.scope == scope).and_then(|found| found.pid))
    }

    async fn install(&self, request: &ServiceRequest) -> Result<Installed, ServiceError> {
        self.ask(format!("install {:?} {:?}", request.scope, request.run_as))?;
        let mut service = self.service.lock().unwrap();
        let wanted = Service { scope: request.scope, definition: definition(request), pid: Some(PID) };
        let change = match &*service {
            None => Change::Created,
            Some(old) if old.definition == wanted.definition => Change::Unchanged,
            Some(_) => Change::Replaced,
        };
        let was_running = service.as_ref().is_some_and(|old| old.pid.is_some());
        *service = Some(wanted);
        Ok(Installed { file: file(request.scope), change, was_running })
    }

    async fn uninstall(&self, scope: Scope) -> Result<Option<PathBuf>, ServiceError> {
        self.ask(format!("uninstall {scope:?}"))?;
        let removed = self.service.lock().unwrap().take_if(|service| service.scope == scope);
        Ok(removed.map(|service| file(service.scope)))
    }

    async fn give_up(&self, scope: Scope) -> Result<bool, ServiceError> {
        if !self.is_trying {
            return Ok(false);
        }
        self.ask(format!("give up {scope:?}")).map(|()| true)
    }

    async fn start(&self, scope: Scope) -> Result<(), ServiceError> {
        self.ask(format!("start {scope:?}"))?;
        self.service.lock().unwrap().iter_mut().for_each(|service| service.pid = Some(PID));
        Ok(())
    }
}
