//! A path with its methods. Owns the answers to unknown paths and to methods that do not fit, with the `Allow` header
//! that HTTP asks for.

use std::fmt;

use actix_web::{
    Handler, HttpResponse, Resource, Responder,
    dev::{AppService, HttpServiceFactory},
    guard,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web,
};

use super::body::BodyRules;
use crate::problem::{Code, Problem};

/// The resource at `path`, to which methods are added.
pub fn endpoint(path: &str) -> Endpoint {
    Endpoint { resource: web::resource(path), allowed: Vec::new() }
}

pub struct Endpoint {
    resource: Resource,
    allowed: Vec<&'static str>,
}

impl Endpoint {
    /// Answers GET, and HEAD with the same headers.
    #[must_use]
    pub fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: actix_web::FromRequest + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.allowed.extend(["GET", "HEAD"]);
        Self { resource: self.resource.route(web::route().guard(either).to(handler)), ..self }
    }

    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: actix_web::FromRequest + 'static,
    {
        self.method(Method::POST, "POST", handler)
    }

    #[must_use]
    pub fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: actix_web::FromRequest + 'static,
    {
        self.method(Method::PATCH, "PATCH", handler)
    }

    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: actix_web::FromRequest + 'static,
    {
        self.method(Method::DELETE, "DELETE", handler)
    }

    /// Other rules for the bodies of this path.
    #[must_use]
    pub fn bodies(self, rules: BodyRules) -> Self {
        Self { resource: self.resource.app_data(rules), ..self }
    }

    fn method<F, Args>(mut self, method: Method, name: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: actix_web::FromRequest + 'static,
    {
        self.allowed.push(name);
        Self { resource: self.resource.route(web::method(method).to(handler)), ..self }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint for {}", self.allowed.join(", "))
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        let allow = HeaderValue::from_str(&self.allowed.join(", ")).expect("methods are ASCII");
        let refuse = move || std::future::ready(method_not_allowed(allow.clone()));
        self.resource.default_service(web::to(refuse)).register(config);
    }
}

pub fn method_not_allowed(allow: HeaderValue) -> HttpResponse {
    let mut response = HttpResponse::from_error(Problem::new(Code::MethodNotAllowed));
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// The handler for paths that lead nowhere.
pub async fn unknown_route() -> Result<HttpResponse, Problem> {
    Err(Code::UnknownRoute.into())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    #[actix_web::test]
    async fn a_method_that_does_not_fit_is_told_which_do() {
        let app = App::new().service(endpoint("/me").get(HttpResponse::Ok).patch(HttpResponse::NoContent));
        let app = test::init_service(app.default_service(web::to(unknown_route))).await;
        let call = async |method, path| {
            test::call_service(&app, test::TestRequest::with_uri(path).method(method).to_request()).await
        };

        assert_eq!(call(Method::GET, "/me").await.status(), 200);
        assert_eq!(call(Method::HEAD, "/me").await.status(), 200);
        assert_eq!(call(Method::PATCH, "/me").await.status(), 204);
        assert_eq!(call(Method::GET, "/you").await.status(), 404);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = call(method, "/me").await;

            assert_eq!(response.status(), 405);
            assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET, HEAD, PATCH");
        }
    }
}
